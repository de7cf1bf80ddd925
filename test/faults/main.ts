/**
 * `npm run faults -- [--kind evm|starknet|chia] [--minutes N] [--seed N]`: the fault run by itself. Prints counts by kind of answer, and the first
 * untrue answers in detail. Exits with code 1 if an answer is untrue, or if not everything is right at the end.
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { startChiaWorld } from './chia/world.ts'
import { startEvmWorld } from './evm/world.ts'
import { runFaults } from './fault-run.ts'
import { startStarknetWorld } from './starknet/world.ts'

const WORLDS = { evm: startEvmWorld, starknet: startStarknetWorld, chia: startChiaWorld }

const options = {
  kind: { type: 'string' },
  minutes: { type: 'string' },
  seed: { type: 'string' },
  log: { type: 'string' },
} as const
const { values } = parseArgs({ options })
const seconds = Number(values.minutes ?? 10) * 60
const seed = Number(values.seed ?? 1)
const say = (line: string): void => console.log(line)

const kind = values.kind ?? 'evm'
if (kind !== 'evm' && kind !== 'starknet' && kind !== 'chia') {
  throw new Error(`--kind is evm, starknet or chia, not ${kind}`)
}
const result = await runFaults(await WORLDS[kind](seed), {
  seconds,
  seed,
  blockMs: 400,
  clients: 8,
  killEvery: 25,
  say,
})
say(`${kind}, seed ${seed}, ${seconds} s: ${result.blocks} blocks, ${result.kills} kills`)
say(`reorgs: ${[...result.reorgs].map(([size, count]) => `${count} ${size}`).join(', ')}`)
for (const line of result.tally.lines()) say(line)
say(`faults: ${[...result.happened].map(([name, count]) => `${name} ${count}`).join(', ')}`)
for (const failure of result.failures) say(`FAILED ${failure}`)
if (values.log !== undefined) writeFileSync(values.log, result.log)
const untrue = result.tally.total('untrue') + result.tally.total('unexpected')
process.exit(untrue + result.failures.length === 0 ? 0 : 1)
