/**
 * Damaged files of chains, found at the start or while the server runs: those chains stop, and everything else continues. One
 * server has several damages, each of another chain, so that none hides behind another and few servers are started.
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
import { basename, join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { steelyard } from '../e2e/steelyard.ts'
import { type ChainHealth, type FileWorld, makeFileWorld, type Node, type Served, startNode } from './world.ts'

const PAGE = 4096
/** Chains whose files are damaged at a time. */
const BROKEN = ['eip155:2', 'eip155:3', 'eip155:4', 'eip155:5', 'eip155:6', 'eip155:7']
const SOUND = 'eip155:1'
const CHAINS = [SOUND, ...BROKEN]

/** A new chain is in doubt until the first audit. */
const isBelieved = ({ state, audit }: ChainHealth): boolean => state === 'live' && audit?.in_doubt === undefined

let nodes: Node[] = []
let world: FileWorld
let pristine = ''
const started: Served[] = []
beforeAll(async () => {
  nodes = await Promise.all(CHAINS.map((id) => startNode(numberOf(id))))
  const followed = nodes.map(({ server }, at) => ({ id: CHAINS[at], rpc: [server.url], poll_ms: 50 }))
  world = await makeFileWorld([...followed, { id: 'ledger:main' }])
  const server = await start()
  // Only the sound chain must have been audited: the audit of all would take long on a busy machine.
  await server.until(SOUND, isBelieved)
  for (const id of BROKEN) await server.until(id, ({ state }) => state === 'live')
  expect((await server.post('/api/assets', { asset_id: 'GILT' })).status).toBe(201)
  // A read of the node stores a row in the reads file.
  for (const id of CHAINS) expect((await balance(server, id)).status).toBe(200)
  expect(await server.end('SIGINT')).toBe(0)
  pristine = join(world.folder, 'pristine')
  cpSync(world.data, pristine, { recursive: true })
}, 300_000)
afterAll(async () => {
  // A failed test leaves its server running.
  await Promise.all(started.splice(0).map((server) => server.end('SIGKILL')))
  await world.remove()
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

const numberOf = (id: string): number => Number(id.split(':')[1])

/** An account of a chain that has tokens. */
function accountOf(id: string): string {
  const blocks = nodes[CHAINS.indexOf(id)]?.blocks ?? []
  return blocks.flatMap(({ movements }) => movements).find(({ to }) => to !== '')?.to ?? ''
}

const tokens = (server: Served, id: string) =>
  server.get(`/v1/account/tokens?chain_id=${numberOf(id)}&address=${accountOf(id)}`)
const balance = (server: Served, id: string) =>
  server.get(`/v1/account/balance?chain_id=${numberOf(id)}&address=${accountOf(id)}`)

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

/** Sends requests until the chains stop: a request or the indexer finds the damage first and stops them. */
async function untilStopped(server: Served, ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    await server.until(id, ({ state }) => {
      void tokens(server, id)
      void balance(server, id)
      return state === 'stopped'
    })
  }
}

/**
 * The broken chain must answer 503 and name file and remedy. A sound chain and the ledger must answer, and the process must
 * live on.
 */
async function mustBeContained(server: Served, id: string, file: string): Promise<void> {
  for (let round = 0; round < 3; round++) {
    const refused = await tokens(server, id)
    expect([refused.status, refused.text.includes(world.data)]).toEqual([503, false])
    expect((await tokens(server, SOUND)).status).toBe(200)
    const wallet = { wallet_address: `wallet-${Math.random()}` }
    expect((await server.post('/api/wallets', wallet)).status).toBe(201)
    expect((await server.get('/metrics')).status).toBe(200)
  }
  await server.until(SOUND, ({ state }) => state === 'live')
  const { status, chains } = await server.health()
  expect(status).toBe('degraded')
  const of = (wanted: string) => chains.find((chain) => chain.id === wanted)
  expect(of(id)).toMatchObject({ state: 'stopped', error: expect.stringContaining(file) })
  expect(of(id)?.error).toMatch(
    new RegExp(
      `steelyard reset ${id}|delete .*reads\\.db|check that it is a file|newer version|right file in its place`,
    ),
  )
  expect([of(SOUND)?.state, of('ledger:main')?.state]).toEqual(['live', 'live'])
  expect(server.log()).toContain(file)
}

/** A damage to one file of a chain. */
type Damage = { readonly what: string; readonly of: 'facts' | 'reads'; readonly harm: (path: string) => void }

const fileOf = (id: string, { of }: Damage): string => `${id.replace(':', '_')}${of === 'facts' ? '.db' : '.reads.db'}`

/** The same file of the sound chain, in the pristine folder. */
const soundFile = (path: string): string => join(pristine, basename(path).replace(/eip155_\d+/, 'eip155_1'))

/** Replaces a file by a copy of another one: a new inode, as with `mv` and most backup tools. */
function replace(file: string, by: string): void {
  writeFileSync(`${file}.copy`, readFileSync(by))
  renameSync(`${file}.copy`, file)
}

/**
 * One server for so many damages as there are chains to break. `begin` starts it, with the damages done, in the order that is
 * to be tested.
 */
function testDamages(damages: readonly Damage[], begin: (harm: () => void) => Promise<Served>): void {
  for (let first = 0; first < damages.length; first += BROKEN.length) {
    const broken = damages.slice(first, first + BROKEN.length).map((damage, at) => {
      const id = BROKEN[at] ?? ''
      return { id, file: fileOf(id, damage), ...damage }
    })
    describe(`damages from ${first + 1} on`, () => {
      let server: Served
      beforeAll(async () => {
        restore()
        server = await begin(() => {
          for (const { file, harm } of broken) harm(join(world.data, file))
        })
        await untilStopped(
          server,
          broken.map(({ id }) => id),
        )
        await server.until(SOUND, ({ state }) => state === 'live')
      }, 300_000)
      afterAll(async () => {
        expect(await server.end('SIGINT')).toBe(0)
      })
      for (const { what, of, id, file } of broken) {
        test(`${of}: ${what}`, () => mustBeContained(server, id, file), 180_000)
      }
    })
  }
}

const LOG_ENDS = ['', '-wal', '-shm']

describe('found at the start', () => {
  const damages: readonly Damage[] = [
    { what: 'all pages but the first', of: 'facts', harm: (file) => overwrite(file, PAGE, statSync(file).size - PAGE) },
    { what: 'the page of the clock', of: 'facts', harm: (file) => overwriteTable(file, 'clock') },
    { what: 'cut after two pages', of: 'facts', harm: (file) => truncateSync(file, 2 * PAGE) },
    { what: 'one page of the balances', of: 'facts', harm: (file) => overwriteTable(file, 'balances') },
    { what: 'cut within a page', of: 'facts', harm: (file) => truncateSync(file, PAGE + 17) },
    { what: 'an invalid header', of: 'facts', harm: (file) => overwrite(file, 0, 100) },
    {
      what: 'text',
      of: 'facts',
      harm: (file) => writeFileSync(file, 'not a database, but long enough to be read\n'.repeat(99)),
    },
    { what: 'a schema of a newer version', of: 'facts', harm: (file) => pragma(file, 'PRAGMA user_version = 999') },
    {
      what: 'a schema with an older version number',
      of: 'facts',
      harm: (file) => pragma(file, 'PRAGMA user_version = 1'),
    },
    { what: 'a missing table', of: 'facts', harm: (file) => pragma(file, 'DROP TABLE balances') },
    {
      what: 'a value that does not parse',
      of: 'facts',
      harm: (file) => pragma(file, "UPDATE chain SET coverage = '{'"),
    },
    {
      what: 'a folder instead of the file',
      of: 'facts',
      harm: (file) => {
        rmSync(file)
        mkdirSync(file)
      },
    },
    { what: 'an invalid header', of: 'reads', harm: (file) => overwrite(file, 0, 100) },
    { what: 'all pages but the first', of: 'reads', harm: (file) => overwrite(file, PAGE, statSync(file).size - PAGE) },
    { what: 'a missing table', of: 'reads', harm: (file) => pragma(file, 'DROP TABLE observations') },
    ...(['facts', 'reads'] as const).map((of) => ({
      what: "another chain's",
      of,
      harm: (path: string) => replace(path, soundFile(path)),
    })),
  ]
  testDamages(damages, (harm) => {
    harm()
    return start()
  })
})

describe('found while the server runs', () => {
  const everything = (file: string): void => overwrite(file, 0, statSync(file).size)
  const damages: readonly Damage[] = [
    { what: 'every page', of: 'facts', harm: everything },
    { what: 'cut to nothing', of: 'facts', harm: (file) => truncateSync(file, 0) },
    { what: 'cut after two pages', of: 'facts', harm: (file) => truncateSync(file, 2 * PAGE) },
    { what: 'every page', of: 'reads', harm: everything },
    ...(['facts', 'reads'] as const).flatMap((of): readonly Damage[] => [
      { what: 'deleted', of, harm: (path) => rmSync(path) },
      { what: 'deleted with its log', of, harm: (path) => LOG_ENDS.map((end) => rmSync(path + end)) },
      { what: 'only its log is deleted', of, harm: (path) => rmSync(`${path}-wal`) },
      { what: 'moved away', of, harm: (path) => renameSync(path, `${path}.away`) },
      { what: 'replaced by its copy', of, harm: (path) => replace(path, path) },
      {
        what: 'replaced by an older backup',
        of,
        harm: (path) => replace(path, join(pristine, basename(path))),
      },
      { what: 'replaced by an empty file', of, harm: (path) => replace(path, '/dev/null') },
      { what: "replaced by another chain's", of, harm: (path) => replace(path, soundFile(path)) },
    ]),
  ]
  testDamages(damages, async (harm) => {
    const server = await start()
    for (const id of CHAINS) await server.until(id, ({ state }) => state === 'live')
    harm()
    return server
  })
})

/** The tests above show which remedy is named for this damage. */
test('the named remedy works: after a reset the chain is indexed again', async () => {
  restore()
  const [broken = ''] = BROKEN
  const file = `${broken.replace(':', '_')}.`
  overwriteTable(join(world.data, `${file}db`), 'clock')
  expect((await steelyard(['reset', broken, '--yes', '--config', world.config])).code).toBe(0)
  expect(readdirSync(world.data).filter((name) => name.startsWith(file) && !name.endsWith('.lease'))).toEqual([])
  const server = await start()
  await server.until(broken, isBelieved)
  expect((await tokens(server, broken)).status).toBe(200)
  expect(await server.end('SIGINT')).toBe(0)
}, 300_000)
