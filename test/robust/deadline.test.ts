/** However a node fails, every request gets an answer, and /health reports what the server waits for. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Reply } from '../nodes/scripted-node.ts'
import { makeWorld, type Node, type Served, startNode, type World } from './world.ts'

/** Above the deadline of requests: a request without an answer by then never gets one. */
const PATIENCE_MS = 30_000

const paced = (seconds: number): Reply => ({
  ...{ status: 429, text: '{"error":"slow down"}' },
  headers: { 'retry-after': String(seconds), 'content-type': 'application/json' },
})

/** What nodes do. Each is of a chain of its own, so that all of them are waited for at the same time. */
const CASES: readonly { readonly does: string; readonly reply: Reply | (() => Promise<Reply>) }[] = [
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
const idOf = (place: number): string => `eip155:${place + 1}`

let nodes: readonly Node[] = []
let world: World
let server: Served
beforeAll(async () => {
  // The last one is of the test at the end.
  nodes = await Promise.all([...CASES, undefined].map((_, place) => startNode(place + 1)))
  const chains = nodes.map((node, place) => ({ id: idOf(place), rpc: [node.server.url], from: 100, poll_ms: 50 }))
  world = await makeWorld(chains)
  server = await world.start()
  for (const { id } of chains) await server.until(id, ({ state }) => state === 'live')
}, 300_000)
afterAll(async () => {
  expect(await server.end('SIGINT')).toBe(0)
  await world.remove()
  await Promise.all(nodes.map((node) => node.server.stop()))
})

const account = '0x00000000000000000000000000000000000a11ce'
const coin = '0x00000000000000000000000000000000000c0157'
const pathsOf = (chain: number): readonly string[] => [
  `/v1/account/balance?chain_id=${chain}&address=${account}`,
  `/v1/account/balance?chain_id=${chain}&address=${account}&to_block=50`,
  `/v1/account/tokens?chain_id=${chain}&address=${account}`,
  `/v1/account/tokens?chain_id=${chain}&address=${account}&contract_address=${coin}`,
  `/v1/account/tokens?chain_id=${chain}&address=${account}&contract_address=${coin}&to_block=50`,
  `/v1/token/metadata?chain_id=${chain}&contract_address=${coin}`,
  `/v1/token/top-holders?chain_id=${chain}&contract_address=${coin}`,
]

describe.concurrent('a node that', () => {
  for (const [place, { does, reply }] of CASES.entries()) {
    test(`${does}: each call gets an answer with an honest status`, async () => {
      nodes[place]?.server.become(typeof reply === 'function' ? reply : () => reply)
      const answers = pathsOf(place + 1).map(async (path) => {
        const headers = { 'x-api-key': world.key }
        const response = await fetch(server.url + path, { headers, signal: AbortSignal.timeout(PATIENCE_MS) })
        return response.status
      })
      for (const status of await Promise.all(answers)) expect([200, 404, 503]).toContain(status)
      const chain = await server.until(idOf(place), ({ state }) => state === 'degraded')
      expect(chain.error).toBeDefined()
    }, 180_000)
  }

  test('hangs is named by health and the log; when it answers again the chain recovers', async ({ expect }) => {
    const [id, node] = [idOf(CASES.length), nodes[CASES.length]]
    if (node === undefined) throw new Error('this chain has a node')
    node.server.become(() => 'hang')
    const waiting = await server.until(id, (chain) => chain.waiting !== undefined)
    expect(waiting).toMatchObject({ state: 'degraded', error: expect.stringContaining(node.server.url) })
    expect(waiting.waiting?.for).toContain('the newest block')
    // The report of the indexer and its line of the log take different ways.
    const line = new RegExp(`"chain":"${id}".*the chain does not advance: waiting`)
    await expect.poll(() => server.log(), { timeout: 90_000 }).toMatch(line)
    node.server.become(node.answer)
    const well = await server.until(id, ({ state }) => state === 'live')
    expect(well.error).toBeUndefined()
  }, 200_000)
})
