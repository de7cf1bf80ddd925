/**
 * `npm run bench:soak -- [--minutes N] [--transfers N] [--accounts N]`: 200 connections, good and bad, beside a
 * backfill. Prints the server's memory by minute, the outcomes of the requests, and how long good requests took. Exit
 * code 1 if memory grows after the first minute, or if an outcome is wrong. See README.md.
 */
import { numbersFromArguments } from './arguments.ts'
import { DEFAULT_SHAPE } from './chain/generator.ts'
import { temporaryFolder } from './server.ts'
import { linesOf } from './soak/report.ts'
import { soak } from './soak/run.ts'

const { minutes, ...shape } = numbersFromArguments({
  ...DEFAULT_SHAPE,
  transfers: 300_000,
  accounts: 20_000,
  minutes: 10,
})

const print = (line: string): void => void process.stdout.write(`${line}\n`)
const result = await soak(temporaryFolder(), { seconds: minutes * 60, shape, onMinute: print })
for (const line of linesOf(result)) print(line)
process.exitCode = result.faults.length === 0 ? 0 : 1
