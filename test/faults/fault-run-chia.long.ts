import { expect, test } from 'vitest'
import { hasSimulator } from '../../src/demo/chia/sdk.ts'
import { startChiaWorld } from './chia/world.ts'
import { runFaults } from './fault-run.ts'

const SEED = 1
const SECONDS = 600
/** Faults of single requests, of nodes and of the transport, that a run has at least. */
const LEAST_FAULTS = 200

test.skipIf(!hasSimulator())(
  `no answer about Chia is untrue at the block that it names, under ${SECONDS} s of faults, reorgs and kills`,
  async () => {
    const options = { seconds: SECONDS, seed: SEED, blockMs: 400, clients: 8, killEvery: 25, say: console.log }
    const result = await runFaults(await startChiaWorld(SEED), options)
    for (const line of result.tally.lines()) console.log(line)
    const wrong = result.tally.lines().filter((line) => line.includes('UNTRUE'))
    expect([...wrong, ...result.failures]).toEqual([])
    expect(result.tally.total('true')).toBeGreaterThan(1_000)
    const faults = [...result.happened.values()].reduce((sum, count) => sum + count, 0)
    expect(faults).toBeGreaterThanOrEqual(LEAST_FAULTS)
    expect([...result.reorgs.keys()].sort()).toEqual(['of 1 block', 'of 10 blocks or more', 'of 2 blocks or more'])
  },
  900_000,
)
