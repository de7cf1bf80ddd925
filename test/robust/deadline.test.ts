/** However a node fails, every request gets an answer, and /health reports what the server waits for. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Reply } from '../nodes/scripted-node.ts'
import { makeWorld, type Node, type Served, startNode, type World } from './world.ts'

/** Above the deadline of requests: a request without an answer by then never gets one. */
const PATIENCE_MS = 30_000

let node: Node
let world: World
let server: Served
beforeAll(async () => {
  node = await startNode(1)
  world = await makeWorld([{ id: 'eip155:1', rpc: [node.server.url], from: 100, poll_ms: 50 }])
  server = await world.start()
  await server.until('eip155:1', ({ state }) => state === 'live')
}, 180_000)
afterAll(async () => {
  expect(await server.end('SIGINT')).toBe(0)
  world.remove()
  await node.server.stop()
})

const paced = (seconds: number): Reply => ({
  ...{ status: 429, text: '{"error":"slow down"}' },
  headers: { 'retry-after': String(seconds), 'content-type': 'application/json' },
})

const account = '0x00000000000000000000000000000000000a11ce'
const coin = '0x00000000000000000000000000000000000c0157'
const PATHS = [
  `/v1/account/balance?chain_id=1&address=${account}`,
  `/v1/account/balance?chain_id=1&address=${account}&to_block=50`,
  `/v1/account/tokens?chain_id=1&address=${account}`,
  `/v1/account/tokens?chain_id=1&address=${account}&contract_address=${coin}`,
  `/v1/account/tokens?chain_id=1&address=${account}&contract_address=${coin}&to_block=50`,
  `/v1/token/metadata?chain_id=1&contract_address=${coin}`,
  `/v1/token/top-holders?chain_id=1&contract_address=${coin}`,
]

describe('a node that', () => {
  const cases: readonly { readonly does: string; readonly reply: Reply | (() => Promise<Reply>) }[] = [
    { does: 'paces for a second, without end', reply: paced(1) },
    { does: 'paces for four seconds, without end', reply: paced(4) },
    { does: 'paces for an hour', reply: paced(3_600) },
    { does: 'hangs', reply: 'hang' },
    { does: 'breaks connections', reply: 'reset' },
    { does: 'breaks off in the middle', reply: 'half' },
    {
      does: 'fails after three seconds each time',
      reply: async () => {
        await new Promise((resolve) => setTimeout(resolve, 3_000))
        return { status: 503, text: 'busy' }
      },
    },
  ]
  for (const { does, reply } of cases) {
    test(`${does}: each call gets an answer with an honest status`, async () => {
      node.server.become(typeof reply === 'function' ? reply : () => reply)
      const answers = PATHS.map(async (path) => {
        const headers = { 'x-api-key': world.key }
        const response = await fetch(server.url + path, { headers, signal: AbortSignal.timeout(PATIENCE_MS) })
        return response.status
      })
      for (const status of await Promise.all(answers)) expect([200, 404, 503]).toContain(status)
      const chain = await server.until('eip155:1', ({ state }) => state === 'degraded')
      expect(chain.error).toBeDefined()
    }, 180_000)
  }
})

test('health and the log name a node that hangs; when it answers again the chain recovers', async () => {
  node.server.become(node.answer)
  expect(await server.end('SIGINT')).toBe(0)
  server = await world.start()
  await server.until('eip155:1', ({ state }) => state === 'live')
  node.server.become(() => 'hang')
  const waiting = await server.until('eip155:1', (chain) => chain.waiting !== undefined)
  expect(waiting).toMatchObject({ state: 'degraded', error: expect.stringContaining(node.server.url) })
  expect(waiting.waiting?.for).toContain('the newest block')
  // The report of the indexer and its line of the log take different ways.
  await expect.poll(() => server.log(), { timeout: 90_000 }).toMatch(/the chain does not advance: waiting/)
  node.server.become(node.answer)
  const well = await server.until('eip155:1', ({ state }) => state === 'live')
  expect(well.error).toBeUndefined()
}, 200_000)
