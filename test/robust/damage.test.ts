/**
 * Damaged files of one chain, found at the start or while the server runs: that chain stops, and everything else
 * continues.
 */
import {
  closeSync,
  cpSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { steelyard } from '../e2e/steelyard.ts'
import { type ChainHealth, makeWorld, type Node, type Served, startNode, type World } from './world.ts'

const PAGE = 4096
const BROKEN = 'eip155:1'
const SOUND = 'eip155:2'

/** A new chain is in doubt until the first audit. This node answers no reads, so that takes a while. */
const isBelieved = ({ state, audit }: ChainHealth): boolean => state === 'live' && audit?.in_doubt === undefined

let nodes: Node[] = []
let world: World
let pristine = ''
let account = ''
const started: Served[] = []
beforeAll(async () => {
  nodes = await Promise.all([1, 2].map((id) => startNode(id)))
  const followed = nodes.map(({ server }, at) => ({ id: `eip155:${at + 1}`, rpc: [server.url], poll_ms: 50 }))
  world = await makeWorld([...followed, { id: 'ledger:main' }])
  account = nodes[0]?.blocks.flatMap(({ movements }) => movements).find(({ to }) => to !== '')?.to ?? ''
  const server = await start()
  await server.until(BROKEN, isBelieved)
  await server.until(SOUND, isBelieved)
  expect((await server.post('/api/assets', { asset_id: 'GILT' })).status).toBe(201)
  // A read of the node stores a row in the reads file.
  expect((await server.get(`/v1/account/balance?chain_id=1&address=${account}`)).status).toBe(200)
  expect(await server.end('SIGINT')).toBe(0)
  pristine = join(world.folder, 'pristine')
  cpSync(world.data, pristine, { recursive: true })
}, 120_000)
afterEach(async () => {
  // A failed test leaves its server running.
  await Promise.all(started.splice(0).map((server) => server.end('SIGKILL')))
})
afterAll(async () => {
  world.remove()
  await Promise.all(nodes.map(({ server }) => server.stop()))
})

async function start(): Promise<Served> {
  const server = await world.start()
  started.push(server)
  return server
}

function restore(): void {
  rmSync(world.data, { recursive: true, force: true })
  cpSync(pristine, world.data, { recursive: true })
}

function overwrite(file: string, first: number, bytes: number): void {
  const fd = openSync(file, 'r+')
  writeSync(fd, Buffer.alloc(bytes, 0xa5), 0, bytes, first)
  closeSync(fd)
}

/** Overwrites the first page of one table, so that every statement that reads the table fails. */
function overwriteTable(file: string, table: string): void {
  const db = new Database(file, { readonly: true })
  const root = Number(db.prepare('SELECT rootpage FROM sqlite_schema WHERE name = ?').pluck().get(table))
  db.close()
  overwrite(file, (root - 1) * PAGE, PAGE)
}

function pragma(file: string, statement: string): void {
  const db = new Database(file)
  db.exec(statement)
  db.close()
}

const tokens = (server: Served, chain: number) => server.get(`/v1/account/tokens?chain_id=${chain}&address=${account}`)

/** Sends requests until the chain stops: a request or the indexer finds the damage first and stops it. */
async function untilStopped(server: Served): Promise<void> {
  await server.until(BROKEN, ({ state }) => {
    void tokens(server, 1)
    void server.get(`/v1/account/balance?chain_id=1&address=${account}`)
    return state === 'stopped'
  })
}

/**
 * The broken chain must answer 503 and name file and remedy. The other chain and the ledger must answer, and the
 * process must live on.
 */
async function mustBeContained(server: Served, file: string): Promise<void> {
  for (let round = 0; round < 3; round++) {
    const refused = await tokens(server, 1)
    expect([refused.status, refused.text.includes(world.data)]).toEqual([503, false])
    const other = nodes[1]?.blocks.flatMap(({ movements }) => movements).find(({ to }) => to !== '')?.to
    expect((await server.get(`/v1/account/tokens?chain_id=2&address=${other}`)).status).toBe(200)
    const wallet = { wallet_address: `wallet-${Math.random()}` }
    expect((await server.post('/api/wallets', wallet)).status).toBe(201)
    expect((await server.get('/metrics')).status).toBe(200)
  }
  await server.until(SOUND, ({ state }) => state === 'live')
  const { status, chains } = await server.health()
  expect(status).toBe('degraded')
  const [broken, sound, ledger] = chains
  expect(broken).toMatchObject({ id: BROKEN, state: 'stopped', error: expect.stringContaining(file) })
  expect(broken?.error).toMatch(
    /steelyard reset eip155:1|delete .*reads\.db|check that it is a file|newer version|right file in its place/,
  )
  expect([sound?.state, ledger?.state]).toEqual(['live', 'live'])
  expect(server.log()).toContain(file)
  expect(await server.end('SIGINT')).toBe(0)
}

const FACTS = 'eip155_1.db'
const READS = 'eip155_1.reads.db'

describe('found at the start', () => {
  const cases: readonly { readonly what: string; readonly file: string; readonly harm: (file: string) => void }[] = [
    { what: 'all pages but the first', file: FACTS, harm: (file) => overwrite(file, PAGE, statSync(file).size - PAGE) },
    { what: 'the page of the clock', file: FACTS, harm: (file) => overwriteTable(file, 'clock') },
    { what: 'cut after two pages', file: FACTS, harm: (file) => truncateSync(file, 2 * PAGE) },
    { what: 'one page of the balances', file: FACTS, harm: (file) => overwriteTable(file, 'balances') },
    { what: 'cut within a page', file: FACTS, harm: (file) => truncateSync(file, PAGE + 17) },
    { what: 'an invalid header', file: FACTS, harm: (file) => overwrite(file, 0, 100) },
    {
      what: 'text',
      file: FACTS,
      harm: (file) => writeFileSync(file, 'not a database, but long enough to be read\n'.repeat(99)),
    },
    { what: 'a schema of a newer version', file: FACTS, harm: (file) => pragma(file, 'PRAGMA user_version = 999') },
    {
      what: 'a schema with an older version number',
      file: FACTS,
      harm: (file) => pragma(file, 'PRAGMA user_version = 1'),
    },
    { what: 'a missing table', file: FACTS, harm: (file) => pragma(file, 'DROP TABLE balances') },
    {
      what: 'a value that does not parse',
      file: FACTS,
      harm: (file) => pragma(file, "UPDATE chain SET coverage = '{'"),
    },
    {
      what: 'a folder instead of the file',
      file: FACTS,
      harm: (file) => {
        rmSync(file)
        mkdirSync(file)
      },
    },
    { what: 'an invalid header', file: READS, harm: (file) => overwrite(file, 0, 100) },
    { what: 'all pages but the first', file: READS, harm: (file) => overwrite(file, PAGE, statSync(file).size - PAGE) },
    { what: 'a missing table', file: READS, harm: (file) => pragma(file, 'DROP TABLE observations') },
    ...[FACTS, READS].map((file) => ({
      what: "another chain's",
      file,
      harm: (path: string) => replace(path, join(pristine, sibling(file))),
    })),
  ]
  for (const { what, file, harm } of cases) {
    test(`${file}: ${what}`, async () => {
      restore()
      harm(join(world.data, file))
      const server = await start()
      await untilStopped(server)
      await server.until(SOUND, ({ state }) => state === 'live')
      await mustBeContained(server, file)
    }, 60_000)
  }
})

const LOG_ENDS = ['', '-wal', '-shm']

/** Replaces a file by a copy of another one: a new inode, as with `mv` and most backup tools. */
function replace(file: string, by: string): void {
  writeFileSync(`${file}.copy`, readFileSync(by))
  renameSync(`${file}.copy`, file)
}

/** The same file of the other, sound chain. */
const sibling = (file: string): string => file.replace('eip155_1', 'eip155_2')

describe('found while the server runs', () => {
  const everything = (file: string): void => overwrite(file, 0, statSync(file).size)
  const cases: readonly { readonly what: string; readonly file: string; readonly harm: (file: string) => void }[] = [
    { what: 'every page', file: FACTS, harm: everything },
    { what: 'cut to nothing', file: FACTS, harm: (file) => truncateSync(file, 0) },
    { what: 'cut after two pages', file: FACTS, harm: (file) => truncateSync(file, 2 * PAGE) },
    { what: 'every page', file: READS, harm: everything },
    ...[FACTS, READS].flatMap((file) => [
      { what: 'deleted', file, harm: (path: string) => rmSync(path) },
      { what: 'deleted with its log', file, harm: (path: string) => LOG_ENDS.map((end) => rmSync(path + end)) },
      { what: 'only its log is deleted', file, harm: (path: string) => rmSync(`${path}-wal`) },
      { what: 'moved away', file, harm: (path: string) => renameSync(path, `${path}.away`) },
      { what: 'replaced by its copy', file, harm: (path: string) => replace(path, path) },
      { what: 'replaced by an older backup', file, harm: (path: string) => replace(path, join(pristine, file)) },
      { what: 'replaced by an empty file', file, harm: (path: string) => replace(path, '/dev/null') },
      {
        what: "replaced by another chain's",
        file,
        harm: (path: string) => replace(path, join(pristine, sibling(file))),
      },
    ]),
  ]
  for (const { what, file, harm } of cases) {
    test(`${file}: ${what}`, async () => {
      restore()
      const server = await start()
      await server.until(BROKEN, ({ state }) => state === 'live')
      await server.until(SOUND, ({ state }) => state === 'live')
      harm(join(world.data, file))
      await untilStopped(server)
      await mustBeContained(server, file)
    }, 60_000)
  }
})

test('the named remedy works: after a reset the chain is indexed again', async () => {
  restore()
  overwriteTable(join(world.data, FACTS), 'clock')
  const server = await start()
  const { error = '' } = await server.until(BROKEN, ({ state }) => state === 'stopped')
  expect(await server.end('SIGINT')).toBe(0)
  expect(error).toContain('steelyard reset eip155:1')
  expect((await steelyard(['reset', BROKEN, '--yes', '--config', world.config])).code).toBe(0)
  expect(readdirSync(world.data).filter((name) => name.startsWith('eip155_1.') && !name.endsWith('.lease'))).toEqual([])
  const again = await start()
  await again.until(BROKEN, isBelieved)
  expect((await tokens(again, 1)).status).toBe(200)
  expect(await again.end('SIGINT')).toBe(0)
}, 120_000)
