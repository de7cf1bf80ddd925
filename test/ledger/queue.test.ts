import { setImmediate as nextTick } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createServer } from '../../src/api/create-server.ts'
import type { LedgerRequest, Outcome } from '../../src/ledger/ledger.ts'
import { MAX_WAITING, QueuedLedger } from '../../src/ledger/queued-ledger.ts'
import { errorBody } from '../conformance/abc-labs-server.ts'
import { listen } from '../conformance/chainbase-client.ts'
import { DIALECTS, fakeDeps } from '../conformance/chainbase-fakes.ts'
import { CHAIN, newLedger } from './ledger.ts'

let opened: Awaited<ReturnType<typeof newLedger>>
let sent: (readonly LedgerRequest[])[] = []
let queued: QueuedLedger
beforeAll(async () => {
  opened = await newLedger()
})
beforeEach(() => {
  sent = []
  queued = new QueuedLedger({ send: (requests) => void sent.push(requests), reads: opened.ledger })
})
afterAll(async () => {
  await opened.close()
  await opened.place.end()
})

function wallet(name: string): LedgerRequest {
  return { operation: { kind: 'register_wallet', wallet: name }, idempotency: undefined }
}

/** Commits all sent requests and passes the results to the queue. */
async function commit(): Promise<void> {
  const outcomes = await opened.submit(sent.splice(0).flat())
  queued.resolveOldest(outcomes.map((outcome) => ({ outcome })))
}

/** Returns `fulfilled`, or the error's code and message, for each promise. */
async function said(promises: readonly Promise<Outcome>[]): Promise<readonly string[]> {
  const all = await Promise.allSettled(promises)
  return all.map((one) => (one.status === 'fulfilled' ? one.status : `${one.reason.code}: ${one.reason.message}`))
}

test('requests of one tick are sent together, and resolved in order', async () => {
  const first = ['a', 'b'].map((name) => queued.submit(wallet(name)))
  await nextTick()
  const second = queued.submit(wallet('c'))
  await nextTick()
  expect(sent.map((requests) => requests.length)).toEqual([2, 1])
  expect(queued.waiting).toBe(3)
  await commit()
  const wallets = (await Promise.all([...first, second])).map((one) => one.accepted && one.receipt.operation)
  expect(wallets).toEqual(['a', 'b', 'c'].map((name) => wallet(name).operation))
  expect(queued.waiting).toBe(0)
})

test('a full queue answers 503 at once, and accepts requests again after the first results', async () => {
  const dialects = { ...DIALECTS, abcLabs: { ...DIALECTS.abcLabs, chain: CHAIN } }
  const world = { held: [], unindexed: new Map(), tokens: [], holders: [], transfers: [] }
  const served = await listen(createServer(await fakeDeps(world, { ledger: queued, dialects })))
  const post = () =>
    served.call('/api/wallets', {
      method: 'POST',
      body: '{"wallet_address":"late"}',
      headers: { 'content-type': 'application/json' },
    })
  const full = Array.from({ length: MAX_WAITING }, (_, at) => queued.submit(wallet(`full-${at % 10}`)))
  const late = await post()
  expect([late.status, JSON.parse(late.body)]).toEqual([
    503,
    errorBody(503, 'SERVICE_UNAVAILABLE', 'Too many operations are waiting'),
  ])
  expect(queued.waiting).toBe(MAX_WAITING)
  await commit()
  expect(new Set(await said(full))).toEqual(new Set(['fulfilled']))
  const again = post()
  while (sent.length === 0) await nextTick()
  await commit()
  expect((await again).status).toBe(201)
  await served.close()
})

describe('a queue that stops', () => {
  test('by close: it sends waiting requests, rejects new ones, and still returns the results', async () => {
    const before = queued.submit(wallet('before'))
    queued.close('The ledger is shutting down')
    expect(sent).toHaveLength(1)
    const after = queued.submit(wallet('after'))
    expect(await said([after])).toEqual(['UNAVAILABLE: The ledger is shutting down'])
    await commit()
    expect(await said([before])).toEqual(['fulfilled'])
  })

  test('by fail: it rejects all waiting requests, sent or not, and all new ones', async () => {
    const gone = queued.submit(wallet('sent'))
    await nextTick()
    const unsent = queued.submit(wallet('unsent'))
    queued.fail('The ledger is not available')
    const after = queued.submit(wallet('after'))
    const reason = 'UNAVAILABLE: The ledger is not available'
    expect(await said([gone, unsent, after])).toEqual([reason, reason, reason])
    expect(queued.waiting).toBe(0)
  })
})
