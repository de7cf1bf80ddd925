import type { Target } from './open-loop.ts'
import { saturate } from './saturate.ts'
import { type BenchServer, cpuSeconds } from './server.ts'

/** Two servers over one store: one process, and several workers. */
export type Compared = { readonly one: BenchServer; readonly many: BenchServer; readonly workers: number }

/** How often and how long each of them is measured. */
export type Length = { readonly seconds: number; readonly rounds: number }

/**
 * How long each server is loaded before it is measured. A server runs for weeks, and V8 goes on to compile for some 100,000 answers
 * of a process, of which each worker gets only its share.
 */
const WARM_SECONDS = 15

/**
 * Measures both in turn, with as much load for the one process as for all workers. Returns a line: the rates, and the answers for each
 * second of processor time of the processes that answer.
 */
export async function compareWorkers(
  { one, many, workers }: Compared,
  targetOf: (url: string) => Target,
  { seconds, rounds }: Length,
): Promise<string> {
  const [ofOne, ofMany]: [Run[], Run[]] = [[], []]
  for (const { url } of [one, many]) await saturate(targetOf(url), WARM_SECONDS, workers)
  for (let round = 0; round < rounds; round++) {
    for (const [server, runs] of [
      [one, ofOne],
      [many, ofMany],
    ] as const) {
      runs.push(await run(server, () => saturate(targetOf(server.url), seconds, workers), seconds))
    }
  }
  const ratio = (of: (run: Run) => number): string => (median(ofMany.map(of)) / median(ofOne.map(of))).toFixed(2)
  const words = (runs: readonly Run[]): string =>
    `${whole(median(runs.map(({ rate }) => rate)))}/s, ${whole(median(runs.map(({ perCpu }) => perCpu)))} a CPU second`
  return (
    `1 process ${words(ofOne)}  ${workers} workers ${words(ofMany)}  rate x ${ratio(({ rate }) => rate)}, ` +
    `a CPU second x ${ratio(({ perCpu }) => perCpu)}  (${ofOne.map(({ rate }) => whole(rate)).join(' ')} | ${ofMany.map(({ rate }) => whole(rate)).join(' ')})`
  )
}

type Run = { readonly rate: number; readonly perCpu: number }

async function run(server: BenchServer, load: () => Promise<number>, seconds: number): Promise<Run> {
  const pids = server.answering()
  const used = (): number => pids.reduce((sum, pid) => sum + (cpuSeconds(pid) ?? Number.NaN), 0)
  const before = used()
  const rate = await load()
  return { rate, perCpu: (rate * seconds) / (used() - before) }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}
