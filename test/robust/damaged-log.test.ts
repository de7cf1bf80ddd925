/**
 * A write-ahead log that is damaged between a crash and the next start. SQLite reads it up to the first frame with a
 * wrong checksum, so an older committed state is left. A chain is indexed again from there. A ledger must not start
 * without operations that it acknowledged.
 */
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { steelyard } from '../e2e/steelyard.ts'
import { type ChainHealth, type FileWorld, makeFileWorld, type Node, type Served, startNode } from './world.ts'

/** Chains of one server, each with another damage. */
const CHAINS = ['eip155:1', 'eip155:2', 'eip155:3', 'eip155:4', 'eip155:5', 'eip155:6']
const LEDGER = 'steelyard.db'
/** How many accounts have their lists compared. */
const ACCOUNTS = 5

/** Sizes in the format of a log (https://www.sqlite.org/fileformat2.html#walformat). */
const HEADER_BYTES = 32
const FRAME_HEADER_BYTES = 24
const FRAME_BYTES = FRAME_HEADER_BYTES + 4096

const isBelieved = ({ state, audit }: ChainHealth): boolean => state === 'live' && audit?.in_doubt === undefined

let nodes: readonly Node[] = []
let world: FileWorld
/** The folder after the server was killed, and the lists that the server had answered, by chain. */
let crashed = ''
const answered = new Map<string, readonly string[]>()
let server: Served | undefined

beforeAll(async () => {
  nodes = await Promise.all(CHAINS.map((id) => startNode(numberOf(id))))
  const followed = nodes.map(({ server: { url } }, at) => ({ id: CHAINS[at], rpc: [url], poll_ms: 50 }))
  world = await makeFileWorld([...followed, { id: 'ledger:main' }])
  server = await world.start()
  for (const id of CHAINS) {
    await server.until(id, isBelieved)
    answered.set(id, await lists(server, id))
  }
  for (const wallet_address of ['first', 'second']) {
    expect((await server.post('/api/wallets', { wallet_address })).status).toBe(201)
  }
  expect(await server.end('SIGKILL')).toBe(null)
  crashed = join(world.folder, 'crashed')
  cpSync(world.data, crashed, { recursive: true })
}, 400_000)
afterAll(async () => {
  await server?.end('SIGKILL')
  await world.remove()
  await Promise.all(nodes.map((node) => node.server.stop()))
})

const numberOf = (id: string): number => Number(id.split(':')[1])
const nodeOf = (id: string): Node | undefined => nodes[CHAINS.indexOf(id)]

/** Returns the list of each account of a chain. Each must be complete. */
async function lists(running: Served, id: string): Promise<string[]> {
  const movements = nodeOf(id)?.blocks.flatMap((block) => block.movements) ?? []
  const receivers = movements.map(({ to }) => to).filter((to) => to !== '')
  const found: string[] = []
  for (const account of [...new Set(receivers)].slice(0, ACCOUNTS)) {
    const { status, text } = await running.get(`/v1/account/tokens?chain_id=${numberOf(id)}&address=${account}`)
    expect(status).toBe(200)
    expect(JSON.parse(text).count).toBeGreaterThan(0)
    found.push(text)
  }
  expect(found.length).toBe(ACCOUNTS)
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
  const path = join(world.data, `${file}-wal`)
  const log = readFileSync(path)
  const frames = framesOf(log)
  expect(frames.length).toBeGreaterThan(2)
  const before = rowsOf(file, sql)
  writeFileSync(path, to(log, frames))
  expect(rowsOf(file, sql)).toBeLessThan(before)
}

const FACT_ROWS = 'SELECT count(*) + (SELECT sum(fence) FROM chain) FROM blocks'
const READ_ROWS = 'SELECT count(*) FROM tokens WHERE read_at > 0'
const DAMAGES = [
  ...HARMS.map((harm) => ({ harm, end: '.db', sql: FACT_ROWS })),
  ...HARMS.slice(0, 3).map((harm) => ({ harm, end: '.reads.db', sql: READ_ROWS })),
]

describe.each([DAMAGES.slice(0, CHAINS.length), DAMAGES.slice(CHAINS.length)])(
  'the logs of chains: each is indexed again from there, and gives the same answers',
  (...damages) => {
    const damaged = damages.map((damage, at) => ({ ...damage, id: CHAINS[at] ?? '' }))
    let running: Served
    beforeAll(async () => {
      restore()
      for (const { harm, end, sql, id } of damaged) damage(`${id.replace(':', '_')}${end}`, harm, sql)
      running = await world.start()
      server = running
    }, 180_000)
    afterAll(async () => {
      expect(await running.end('SIGINT')).toBe(0)
    })
    for (const { harm, end, id } of damaged) {
      test(`*${end}: ${harm.what}`, async () => {
        const { checkpoint } = await running.until(id, isBelieved)
        expect(checkpoint?.number).toBe((nodeOf(id)?.blocks.length ?? 0) - 1)
        await running.until('ledger:main', ({ state }) => state === 'live')
        expect(balancesOf(await lists(running, id))).toEqual(balancesOf(answered.get(id) ?? []))
      }, 180_000)
    }
  },
)

/** Contracts and amounts of lists. Token names are left out, because they are read again at their own time. */
function balancesOf(texts: readonly string[]): readonly unknown[] {
  return texts.map((text) => {
    const { data, count } = JSON.parse(text)
    const rows = data.map((row: { contract_address: string; balance: string }) => [row.contract_address, row.balance])
    return { count, rows }
  })
}

describe('the log of the ledger: it does not start without acknowledged operations', () => {
  /** Without the chains, which take longer to start. */
  let config = ''
  beforeAll(() => {
    config = join(world.folder, 'ledger.yaml')
    writeFileSync(config, stringify({ store: `sqlite:${world.data}`, chains: [{ id: 'ledger:main' }] }))
  })
  test.each(HARMS)(
    '$what',
    async (harm) => {
      restore()
      damage(LEDGER, harm, 'SELECT count(*) FROM ledger_operations')
      const refused = await steelyard(['serve', '--config', config])
      expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('STORE_REPLACED')])
    },
    180_000,
  )
})
