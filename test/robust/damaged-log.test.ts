/**
 * A write-ahead log that is damaged between a crash and the next start. SQLite reads it up to the first frame with a
 * wrong checksum, so an older committed state is left. A chain is indexed again from there. A ledger must not start
 * without operations that it acknowledged.
 */
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { steelyard } from '../e2e/steelyard.ts'
import { type ChainHealth, makeWorld, type Node, type Served, startNode, type World } from './world.ts'

const CHAIN = 'eip155:1'
const FACTS = 'eip155_1.db'
const READS = 'eip155_1.reads.db'
const LEDGER = 'steelyard.db'
/** How many accounts have their lists compared. */
const ACCOUNTS = 5

/** Sizes in the format of a log (https://www.sqlite.org/fileformat2.html#walformat). */
const HEADER_BYTES = 32
const FRAME_HEADER_BYTES = 24
const FRAME_BYTES = FRAME_HEADER_BYTES + 4096

const isBelieved = ({ state, audit }: ChainHealth): boolean => state === 'live' && audit?.in_doubt === undefined

let node: Node
let world: World
let accounts: readonly string[] = []
/** The folder after the server was killed, and the lists that the server had answered. */
let crashed = ''
let answered: readonly string[] = []
let server: Served | undefined

beforeAll(async () => {
  node = await startNode(1)
  world = await makeWorld([{ id: CHAIN, rpc: [node.server.url], poll_ms: 50 }, { id: 'ledger:main' }])
  const receivers = node.blocks.flatMap(({ movements }) => movements.map(({ to }) => to)).filter((to) => to !== '')
  accounts = [...new Set(receivers)].slice(0, ACCOUNTS)
  server = await world.start()
  await server.until(CHAIN, isBelieved)
  for (const wallet_address of ['first', 'second']) {
    expect((await server.post('/api/wallets', { wallet_address })).status).toBe(201)
  }
  answered = await lists(server)
  expect(await server.end('SIGKILL')).toBe(null)
  crashed = join(world.folder, 'crashed')
  cpSync(world.data, crashed, { recursive: true })
}, 120_000)
afterEach(async () => {
  await server?.end('SIGKILL')
  server = undefined
})
afterAll(async () => {
  world.remove()
  await node.server.stop()
})

/** Returns the list of each account. Each must be complete. */
async function lists(running: Served): Promise<string[]> {
  const found: string[] = []
  for (const account of accounts) {
    const { status, text } = await running.get(`/v1/account/tokens?chain_id=1&address=${account}`)
    expect(status).toBe(200)
    expect(JSON.parse(text).count).toBeGreaterThan(0)
    found.push(text)
  }
  return found
}

/** The offsets of the frames of the log's newest round. These frames repeat the salts of the header. */
function framesOf(log: Buffer): readonly number[] {
  const salts = log.subarray(16, 24)
  const frames: number[] = []
  for (let at = HEADER_BYTES; at + FRAME_BYTES <= log.length; at += FRAME_BYTES) {
    if (!log.subarray(at + 8, at + 16).equals(salts)) break
    frames.push(at)
  }
  return frames
}

function restore(): void {
  rmSync(world.data, { recursive: true, force: true })
  cpSync(crashed, world.data, { recursive: true })
}

/** A count from a file and its log, as SQLite reads them. It reads a copy, since opening can change the log. */
function rowsOf(file: string, sql: string): number {
  const copy = join(world.folder, 'copy.db')
  for (const end of ['', '-wal']) {
    rmSync(copy + end, { force: true })
    const from = join(world.data, file + end)
    if (existsSync(from)) cpSync(from, copy + end)
  }
  const db = new Database(copy)
  try {
    const [, table] = /FROM (\w+)/.exec(sql) ?? []
    const isThere = db.prepare('SELECT 1 FROM sqlite_schema WHERE name = ?').get(table) !== undefined
    return isThere ? Number(db.prepare(sql).pluck().get() ?? -1) : -1
  } finally {
    db.close()
  }
}

/** Damages a log. `frames` has the offsets of its valid frames. */
type Harm = { readonly what: string; readonly to: (log: Buffer, frames: readonly number[]) => Buffer }

const flipped = (log: Buffer, at: number): Buffer => {
  log.writeUInt8(log.readUInt8(at) ^ 0x01, at)
  return log
}
const middle = (frames: readonly number[]): number => frames[Math.floor(frames.length / 2)] ?? 0

const HARMS: readonly Harm[] = [
  { what: 'a bit of a page', to: (log, frames) => flipped(log, middle(frames) + FRAME_HEADER_BYTES + 2_000) },
  { what: 'a bit of the first page', to: (log, [first = 0]) => flipped(log, first + FRAME_HEADER_BYTES + 100) },
  { what: 'the checksum of a frame', to: (log, frames) => flipped(log, middle(frames) + 20) },
  { what: 'the page number of a frame', to: (log, frames) => flipped(log, middle(frames) + 3) },
  { what: 'the header', to: (log) => flipped(log, 17) },
  { what: 'all pages', to: (log, [first = 0]) => log.fill(0xa5, first) },
  { what: 'zeros from the middle on', to: (log, frames) => log.fill(0, middle(frames)) },
  { what: 'cut within a frame', to: (log, frames) => log.subarray(0, middle(frames) + 1_000) },
  { what: 'an empty log', to: (log) => log.subarray(0, 0) },
]

/** Damages the log of a file, and asserts that less of it can be read than before. */
function damage(file: string, { to }: Harm, sql: string): void {
  restore()
  const path = join(world.data, `${file}-wal`)
  const log = readFileSync(path)
  const frames = framesOf(log)
  expect(frames.length).toBeGreaterThan(2)
  const before = rowsOf(file, sql)
  writeFileSync(path, to(log, frames))
  expect(rowsOf(file, sql)).toBeLessThan(before)
}

describe.each([
  [FACTS, 'SELECT count(*) + (SELECT sum(fence) FROM chain) FROM blocks'],
  [READS, 'SELECT count(*) FROM tokens WHERE read_at > 0'],
])('the log of %s: the chain is indexed again from there, and gives the same answers', (file, sql) => {
  test.each(file === FACTS ? HARMS : HARMS.slice(0, 3))(
    '$what',
    async (harm) => {
      damage(file, harm, sql)
      server = await world.start()
      const { checkpoint } = await server.until(CHAIN, isBelieved)
      expect(checkpoint?.number).toBe(node.blocks.length - 1)
      await server.until('ledger:main', ({ state }) => state === 'live')
      expect(balancesOf(await lists(server))).toEqual(balancesOf(answered))
      expect(await server.end('SIGINT')).toBe(0)
    },
    60_000,
  )
})

/** Contracts and amounts of lists. Token names are left out, because they are read again at their own time. */
function balancesOf(texts: readonly string[]): readonly unknown[] {
  return texts.map((text) => {
    const { data, count } = JSON.parse(text)
    const rows = data.map((row: { contract_address: string; balance: string }) => [row.contract_address, row.balance])
    return { count, rows }
  })
}

describe('the log of the ledger: it does not start without acknowledged operations', () => {
  test.each(HARMS)(
    '$what',
    async (harm) => {
      damage(LEDGER, harm, 'SELECT count(*) FROM ledger_operations')
      const refused = await steelyard(['serve', '--config', world.config])
      expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('STORE_REPLACED')])
    },
    60_000,
  )
})
