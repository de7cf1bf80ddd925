import { expect, test } from 'vitest'
import { startEvmWorld } from './evm/world.ts'
import { runFaults } from './fault-run.ts'

/**
 * The short form, with one seed. `npm run test:long` runs ten minutes; `npm run faults -- --minutes N --seed N` runs
 * any time and seed.
 */
const SEED = 3
const SECONDS = 20

test(`no answer is untrue at the block that it names, under ${SECONDS} s of faults, reorgs and kills`, async () => {
  const options = { seconds: SECONDS, seed: SEED, blockMs: 250, clients: 4, killEvery: 6, say: () => undefined }
  const result = await runFaults(await startEvmWorld(SEED), options)
  const wrong = result.tally.lines().filter((line) => line.includes('UNTRUE'))
  expect([...wrong, ...result.failures]).toEqual([])
  expect(result.tally.total('true')).toBeGreaterThan(300)
  expect(result.kills).toBeGreaterThan(0)
  expect(result.reorgs.size).toBeGreaterThan(0)
}, 420_000)
