/** A backfill that is killed soon after each start still makes progress each time. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeWorld, type Node, startNode, type World } from './world.ts'

/** Runs of the server. Each ends by SIGKILL after its first commit is reported. */
const LIVES = 6
/** The delay of each of the node's answers, in milliseconds. A whole backfill takes many seconds. */
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
  await world.remove()
  await node.server.stop()
})

test('each run keeps the commits of earlier runs and adds its own', async () => {
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
}, 300_000)
