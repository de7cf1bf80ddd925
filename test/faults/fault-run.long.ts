import { expect, test } from 'vitest'
import { startEvmWorld } from './evm/world.ts'
import { runFaults } from './fault-run.ts'

const SEED = 1
const SECONDS = 600

test(`no answer is untrue at the block that it names, under ${SECONDS} s of faults, reorgs and kills`, async () => {
  const options = { seconds: SECONDS, seed: SEED, blockMs: 400, clients: 8, killEvery: 25, say: console.log }
  const result = await runFaults(await startEvmWorld(SEED), options)
  for (const line of result.tally.lines()) console.log(line)
  const wrong = result.tally.lines().filter((line) => line.includes('UNTRUE'))
  expect([...wrong, ...result.failures]).toEqual([])
  expect(result.tally.total('true')).toBeGreaterThan(10_000)
}, 900_000)
