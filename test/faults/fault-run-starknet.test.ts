import { expect, test } from 'vitest'
import { runFaults } from './fault-run.ts'
import { startStarknetWorld } from './starknet/world.ts'

/** The short form, with one seed: reorgs of up to 50 blocks. The long form is in `fault-run-starknet.long.ts`. */
const SEED = 3
const SECONDS = 20

test(`no answer about Starknet is untrue at the block that it names, under ${SECONDS} s of faults, reorgs and kills`, async () => {
  const options = { seconds: SECONDS, seed: SEED, blockMs: 250, clients: 4, killEvery: 6, say: () => undefined }
  const world = await startStarknetWorld(SEED, { l1Below: 100, earlierBlocks: 200 })
  const result = await runFaults(world, options)
  const wrong = result.tally.lines().filter((line) => line.includes('UNTRUE'))
  expect([...wrong, ...result.failures]).toEqual([])
  expect(result.tally.total('true')).toBeGreaterThan(0)
  expect(result.kills).toBeGreaterThan(0)
  expect(result.reorgs.size).toBeGreaterThan(0)
}, 420_000)
