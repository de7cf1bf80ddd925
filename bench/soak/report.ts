import type { SoakResult } from './run.ts'

/** The lines of a soak's result. */
export function linesOf(result: SoakResult): readonly string[] {
  const { connections, seconds, latenciesMs, outcomes, memory, backfill, lateP99Ms, faults } = result
  const rate = Math.round(latenciesMs.length / seconds)
  const at = (part: number): string => {
    const ms = latenciesMs[Math.min(latenciesMs.length - 1, Math.floor(latenciesMs.length * part))]
    return `${(ms ?? Number.NaN).toFixed(1)} ms`
  }
  return [
    `${connections} connections, ${(seconds / 60).toFixed(1)} minutes; ${rate} good answers a second`,
    ...[...outcomes].map(([name, counts]) => {
      const parts = [...counts].sort(([a], [b]) => String(a).localeCompare(String(b)))
      return `  ${name.padEnd(14)} ${parts.map(([outcome, count]) => `${outcome}: ${count}`).join('  ')}`
    }),
    `good: p50 ${at(0.5)}  p99 ${at(0.99)}  max ${at(1)}  (this client late: p99 ${lateP99Ms.toFixed(1)} ms)`,
    `memory by minute: ${memory.map((bytes) => `${Math.round(bytes / 1e6)} MB`).join('  ')}`,
    `the backfill beside it: ${Math.round(backfill)} transfers/s`,
    ...faults.map((fault) => `WRONG: ${fault}`),
  ]
}
