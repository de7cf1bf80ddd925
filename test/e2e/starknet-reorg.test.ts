/** Reorgs of a Starknet chain through the compiled server: afterwards every answer is that of the new branch. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { verify } from '../odd/verify.ts'
import { compareLists, comparePast, compareSingles, untilAudited } from './starknet-compare.ts'
import { type StarknetWorld, startStarknetWorld } from './starknet-world.ts'
import { type Serving, serve } from './steelyard.ts'

/** Long enough for the deepest reorg, in small blocks. */
const BLOCKS = 1_900
/** Blocks for the one reorg that is deeper than any that Starknet had. */
const DEEPEST = 1_800

let world: StarknetWorld
let server: Serving
beforeAll(async () => {
  const pace = { transactions: [0, 2], emptyEvery: 3 } as const
  world = await startStarknetWorld({ blocks: BLOCKS, seed: 7, pace, spec: '0.9.0', scanBlocks: 50 })
  server = await serve({ chains: [{ id: world.id, rpc: [world.url], poll_ms: 100 }] })
  await untilAudited(server, world)
}, 120_000)
afterAll(async () => {
  expect(await server.stop()).toBe(0)
  await world.stop()
})

async function expectAllEqual(): Promise<void> {
  await untilAudited(server, world)
  expect(await compareSingles(server, world, 17)).toBeGreaterThan(400)
  expect(await compareLists(server, world)).toBeGreaterThan(200)
  const { code, report } = await verify(server.config)
  expect(report.differences).toEqual([])
  expect([code, report.result]).toEqual([0, 'equal'])
  expect(report.chains[0]?.blocks).toMatchObject([{ number: world.chain.head.number, hash: world.chain.head.hash }])
}

describe('after a reorg', () => {
  test.each([
    ['of one block', 1, 2],
    ['of 50 blocks', 50, 51],
    ['that leaves the chain shorter', 30, 12],
    ['that leaves it shorter by all except one of the blocks', 9, 1],
    ['that only removes blocks', 7, 0],
    [`of ${DEEPEST} blocks`, DEEPEST, DEEPEST + 1],
  ])(
    '%s, all is equal to the new branch',
    async (_, depth, blocks) => {
      world.reorganize(depth, blocks)
      await expectAllEqual()
    },
    120_000,
  )

  test('history and transfers are those of the last branch', async () => {
    expect(await comparePast(server, world)).toBeGreaterThan(1_000)
  }, 120_000)
})
