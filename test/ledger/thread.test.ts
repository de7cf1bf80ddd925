import { join } from 'node:path'
import type { Worker } from 'node:worker_threads'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { errorBody, type LedgerServer, serveLedger } from '../conformance/abc-labs-server.ts'
import { placeMaker, type StorePlace } from '../store/engines.ts'

/** In a folder, since the tests hold the lock of its file and change its tables. */
let place: StorePlace
let server: LedgerServer
let thread: Worker
beforeEach(async () => {
  place = await placeMaker('sqlite')()
  await start()
})
afterEach(async () => {
  await server.stop()
  await place.end()
})

/** Starts a server. Its only thread is the ledger's. */
async function start(): Promise<void> {
  const started = new Promise<Worker>((resolve) => process.once('worker', resolve))
  server = await serveLedger(place)
  thread = await started
}

const openFile = (): Database.Database => new Database(join(place.url.slice('sqlite:'.length), 'steelyard.db'))

/** Holds the write lock of the ledger's file, like another writing process. */
function holdLock(): { readonly release: () => void } {
  const db = openFile()
  db.exec('BEGIN IMMEDIATE')
  return {
    release: () => {
      db.exec('ROLLBACK')
      db.close()
    },
  }
}

async function metric(name: string): Promise<number> {
  const { text } = await server.get('/metrics')
  return Number(new RegExp(`^steelyard_ledger_${name}\\{chain="ledger:main"\\} (\\d+)$`, 'm').exec(text)?.[1])
}

function register(wallet: string, key: string) {
  return server.post('/api/wallets', { wallet_address: wallet }, { 'idempotency-key': key })
}

const UNAVAILABLE = errorBody(503, 'SERVICE_UNAVAILABLE', 'The ledger is not available')

test('requests that wait for a busy disk are one commit: 50 concurrent operations take two commits at most', async () => {
  const before = await metric('commits_total')
  const lock = holdLock()
  const posted = Array.from({ length: 50 }, (_, at) => register(`wallet-${at}`, `key-${at}`))
  await expect.poll(() => metric('waiting'), { timeout: 60_000 }).toBe(50)
  lock.release()
  expect((await Promise.all(posted)).map(({ status }) => status)).toEqual(posted.map(() => 201))
  expect(await metric('operations_total')).toBe(50)
  expect((await metric('commits_total')) - before).toBeLessThanOrEqual(2)
}, 180_000)

test('an operation that the store rejects is 503, is not written, and succeeds in a retry', async () => {
  const db = openFile()
  db.exec("CREATE TRIGGER refuse BEFORE INSERT ON ledger_operations BEGIN SELECT RAISE(ABORT, 'no room'); END")
  const refused = await register('w', 'key')
  expect([refused.status, refused.json]).toEqual([503, errorBody(503, 'SERVICE_UNAVAILABLE', 'Service unavailable')])
  expect((await server.get('/api/tokens/transactions')).json).toMatchObject({ transactions: [] })
  db.exec('DROP TRIGGER refuse')
  db.close()
  expect((await register('w', 'key')).status).toBe(201)
})

test("when the ledger's thread dies, waiting and new requests are 503, reads continue, and a retry with the key succeeds", async () => {
  expect((await register('early', 'early')).status).toBe(201)
  const lock = holdLock()
  const open = register('open', 'open')
  await expect.poll(() => metric('waiting'), { timeout: 60_000 }).toBe(1)
  const ended = thread.terminate()
  lock.release()
  await ended
  for (const { status, json } of [await open, await register('late', 'late')]) {
    expect([status, json]).toEqual([503, UNAVAILABLE])
  }
  expect((await server.get('/health')).json).toMatchObject({
    status: 'degraded',
    chains: [{ id: 'ledger:main', state: 'stopped', error: 'the ledger has ended' }],
  })
  expect((await server.get('/api/tokens/transactions')).json).toMatchObject({
    transactions: expect.arrayContaining([expect.objectContaining({ wallet_address: 'early' })]),
  })
  await server.stop()
  await start()
  expect((await register('open', 'open')).status).toBe(201)
  const { json } = await server.get('/api/tokens/transactions?wallet_address=open')
  expect(json).toMatchObject({ transactions: [{ type: 'register_wallet', wallet_address: 'open' }], has_more: false })
}, 180_000)
