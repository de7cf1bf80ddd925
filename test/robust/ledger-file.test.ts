/** The ledger's file is removed, replaced or rolled back, while the server runs or between two starts. */
import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { steelyard } from '../e2e/steelyard.ts'
import { type FileWorld, makeFileWorld, type Served } from './world.ts'

const FILE = 'steelyard.db'
const LEDGER = 'ledger:main'

let world: FileWorld
/** A copy of the folder with two wallets, and an older one with one wallet. */
let newest = ''
let older = ''
let server: Served | undefined
beforeAll(async () => {
  world = await makeFileWorld([{ id: LEDGER }])
  newest = join(world.folder, 'newest')
  older = join(world.folder, 'older')
  const running = await world.start()
  expect((await register(running, 'first')).status).toBe(201)
  expect(await running.end('SIGINT')).toBe(0)
  cpSync(world.data, older, { recursive: true })
  const again = await world.start()
  expect((await register(again, 'second')).status).toBe(201)
  expect(await again.end('SIGINT')).toBe(0)
  cpSync(world.data, newest, { recursive: true })
}, 180_000)
beforeEach(async () => {
  if (server !== undefined) expect(await server.end('SIGINT')).toBe(0)
  server = undefined
  rmSync(world.data, { recursive: true, force: true })
  cpSync(newest, world.data, { recursive: true })
})
afterAll(async () => {
  if (server !== undefined) expect(await server.end('SIGINT')).toBe(0)
  await world.remove()
})

function register(running: Served, wallet: string) {
  return running.post('/api/wallets', { wallet_address: wallet })
}

async function start(): Promise<Served> {
  server = await world.start()
  return server
}

const at = (name: string): string => join(world.data, name)

describe('while the server runs', () => {
  const cases: readonly { readonly what: string; readonly harm: () => void }[] = [
    { what: 'the file is deleted', harm: () => rmSync(at(FILE)) },
    { what: 'the file and its log are deleted', harm: () => ['', '-wal', '-shm'].map((end) => rmSync(at(FILE + end))) },
    { what: 'only the log is deleted', harm: () => rmSync(at(`${FILE}-wal`)) },
    { what: 'the file is renamed', harm: () => renameSync(at(FILE), at('away.db')) },
    {
      what: 'the file is replaced by an older copy',
      harm: () => {
        rmSync(at(FILE))
        cpSync(join(older, FILE), at(FILE))
      },
    },
    {
      what: 'the file is replaced by its own copy',
      harm: () => {
        cpSync(at(FILE), at('copy'))
        renameSync(at('copy'), at(FILE))
      },
    },
    {
      what: 'the folder is replaced by an empty one',
      harm: () => {
        renameSync(world.data, join(world.folder, `gone-${Math.random()}`))
        mkdirSync(world.data)
      },
    },
  ]
  for (const { what, harm } of cases) {
    test(`${what}: no write is acknowledged, no key is accepted, and health reports it`, async () => {
      const running = await start()
      expect((await register(running, 'before')).status).toBe(201)
      harm()
      const refused = await register(running, 'lost')
      expect(refused.status).toBe(503)
      expect(refused.text).toContain('deleted or replaced')
      expect(refused.text).not.toContain(world.data)
      const key = await running.get(`/v1/account/balance?chain_id=1&address=0x${'1'.repeat(40)}`)
      expect(key.status).toBe(503)
      const chain = await running.until(LEDGER, ({ error }) => error !== undefined)
      expect(chain).toMatchObject({ state: 'degraded', error: expect.stringContaining(FILE) })
      expect(running.log()).toContain('STORE_REPLACED')
    }, 180_000)
  }

  test('a file that is renamed and then restored is written again, with all acknowledged operations', async () => {
    const running = await start()
    for (const end of ['', '-wal', '-shm']) renameSync(at(FILE + end), at(`away${end}`))
    expect((await register(running, 'lost')).status).toBe(503)
    for (const end of ['', '-wal', '-shm']) renameSync(at(`away${end}`), at(FILE + end))
    await running.until(LEDGER, ({ error }) => error === undefined)
    expect((await register(running, 'kept')).status).toBe(201)
    const { text } = await running.get('/api/tokens/transactions')
    expect(JSON.parse(text).transactions.map((row: { wallet_address: string }) => row.wallet_address)).toEqual([
      'first',
      'second',
      'kept',
    ])
  }, 180_000)
})

describe('between two starts', () => {
  const cases: readonly { readonly what: string; readonly harm: () => void; readonly says: RegExp }[] = [
    {
      what: 'the file is missing',
      harm: () => rmSync(at(FILE)),
      says: /a ledger existed here.*is gone.*newest backup/,
    },
    { what: 'the file is empty', harm: () => writeFileSync(at(FILE), ''), says: /a ledger existed here.*is empty/ },
    {
      what: 'the file holds keys but no ledger',
      harm: () => {
        rmSync(at(FILE))
        cpSync(join(world.folder, 'keys-only', FILE), at(FILE))
      },
      says: /the ledger ledger:main existed block 2/,
    },
    {
      what: 'the file is an older copy',
      harm: () => cpSync(join(older, FILE), at(FILE)),
      says: /had block 2 .*older copy/,
    },
  ]
  beforeAll(async () => {
    const keysOnly = await makeFileWorld([{ id: LEDGER }])
    mkdirSync(join(world.folder, 'keys-only'))
    cpSync(join(keysOnly.data, FILE), join(world.folder, 'keys-only', FILE))
    await keysOnly.remove()
  })
  for (const { what, harm, says } of cases) {
    test(`${what}: the server does not start, and the named remedy works`, async () => {
      harm()
      const refused = await steelyard(['serve', '--config', world.config])
      expect(refused.code).toBe(1)
      expect(refused.err).toMatch(says)
      expect(refused.err).toContain('STORE_REPLACED')
      // The restored file is the newest one, so nothing is missing.
      for (const name of readdirSync(world.data)) if (name.startsWith(FILE)) rmSync(at(name))
      cpSync(join(newest, FILE), at(FILE))
      const running = await start()
      expect((await register(running, 'first')).status).toBe(200)
      expect((await register(running, 'third')).status).toBe(201)
    }, 180_000)
  }

  test('after the operator deletes the marker, the server continues with the older copy', async () => {
    cpSync(join(older, FILE), at(FILE))
    expect(existsSync(at('ledger_main.marker'))).toBe(true)
    rmSync(at('ledger_main.marker'))
    const running = await start()
    expect((await register(running, 'second')).status).toBe(201)
  }, 180_000)
})
