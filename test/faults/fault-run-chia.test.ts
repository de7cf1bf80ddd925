import { expect, test } from 'vitest'
import { hasSimulator } from '../../src/demo/chia/sdk.ts'
import { startChiaWorld } from './chia/world.ts'
import { runFaults } from './fault-run.ts'

/** The short form, with one seed. The long form is in `fault-run-chia.long.ts`. */
const SEED = 3
const SECONDS = 20

test.skipIf(!hasSimulator())(
  `no answer about Chia is untrue at the block that it names, under ${SECONDS} s of faults, reorgs and kills`,
  async () => {
    const options = { seconds: SECONDS, seed: SEED, blockMs: 250, clients: 4, killEvery: 6, say: () => undefined }
    const result = await runFaults(await startChiaWorld(SEED), options)
    const wrong = result.tally.lines().filter((line) => line.includes('UNTRUE'))
    expect([...wrong, ...result.failures]).toEqual([])
    expect(result.tally.total('true')).toBeGreaterThan(0)
    expect(result.kills).toBeGreaterThan(0)
    expect(result.reorgs.size).toBeGreaterThan(0)
  },
  420_000,
)
