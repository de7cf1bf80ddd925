/** A backfill that is killed soon after its start, again and again, gets on each time. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeWorld, type Node, startNode, type World } from './world.ts'

/** Lives of the server; each ends by SIGKILL once it has told of its first commit. */
const LIVES = 6
/** The node answers each call only after this, in milliseconds: a whole backfill takes many seconds. */
const SLOW_MS = 150

let node: Node
let world: World
beforeAll(async () => {
  node = await startNode(1)
  node.server.become(async (arrived) => {
    await new Promise((resolve) => setTimeout(resolve, SLOW_MS))
    return node.answer(arrived)
  })
  world = await makeWorld([{ id: 'eip155:1', rpc: [node.server.url], poll_ms: 50 }])
})
afterAll(async () => {
  world.remove()
  await node.server.stop()
})

test('each life keeps what the ones before brought, and adds to it with its first commits', async () => {
  let kept = -1
  for (let life = 0; life < LIVES; life++) {
    const server = await world.start()
    const { checkpoint } = await server.until('eip155:1', (chain) => (chain.checkpoint?.number ?? -1) > kept)
    expect(checkpoint?.number ?? -1).toBeGreaterThan(kept)
    kept = checkpoint?.number ?? -1
    expect(await server.end('SIGKILL')).toBe(null)
  }
  const server = await world.start()
  const { checkpoint } = await server.until('eip155:1', (chain) => chain.checkpoint !== undefined)
  expect(checkpoint?.number).toBeGreaterThanOrEqual(kept)
  expect(await server.end('SIGINT')).toBe(0)
}, 120_000)
