/** Dead threads are reported and restarted. */
import type { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type LedgerServer, serveLedger } from '../conformance/abc-labs-server.ts'
import { newPlace, type StorePlace } from '../store/engines.ts'
import { type Node, startNode } from './world.ts'

let node: Node
let place: StorePlace
let server: LedgerServer
const threads: Worker[] = []
const note = (worker: Worker): void => void threads.push(worker)
beforeEach(async () => {
  node = await startNode(1)
  place = await newPlace()
  threads.length = 0
  process.on('worker', note)
  const chains = [{ id: 'ledger:main' }, { id: 'eip155:1', rpc: [node.server.url], poll_ms: 50 }]
  server = await serveLedger(place, {}, { chains })
})
afterEach(async () => {
  process.off('worker', note)
  await server.stop()
  await place.end()
  await node.server.stop()
})

const states = async (): Promise<readonly string[]> => {
  const { chains }: { chains: { state: string }[] } = JSON.parse((await server.get('/health')).text)
  return chains.map(({ state }) => state)
}

test('the ledger is written again and the chain is followed again after their threads died', async () => {
  await expect.poll(states, { timeout: 60_000 }).toEqual(['live', 'live'])
  const [ledger, indexer] = threads
  expect([ledger, indexer].includes(undefined)).toBe(false)
  await ledger?.terminate()
  await indexer?.terminate()
  expect(await states()).toEqual(['stopped', 'stopped'])
  expect(JSON.parse((await server.get('/health')).text).chains[1].error).toContain('crashed')
  await expect.poll(states, { timeout: 60_000 }).toEqual(['live', 'live'])
  expect((await server.post('/api/wallets', { wallet_address: 'after' })).status).toBe(201)
  expect(threads).toHaveLength(4)
}, 180_000)
