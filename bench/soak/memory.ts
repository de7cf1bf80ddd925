import { readFileSync } from 'node:fs'

/** Resident memory of a process over time, in bytes, with one sample per second. */
export class MemoryWatch {
  readonly #samples: { readonly atMs: number; readonly bytes: number }[] = []
  readonly #startedMs = performance.now()
  readonly #timer: NodeJS.Timeout

  constructor(pid: number) {
    this.#timer = setInterval(() => {
      const bytes = residentBytes(pid)
      if (bytes !== undefined) this.#samples.push({ atMs: performance.now() - this.#startedMs, bytes })
    }, 1_000)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** The mean of each complete minute so far. */
  minutes(): readonly number[] {
    const minutes: number[][] = []
    for (const { atMs, bytes } of this.#samples) {
      const minute = Math.floor(atMs / 60_000)
      const list = minutes[minute] ?? []
      list.push(bytes)
      minutes[minute] = list
    }
    return minutes.map((list) => list.reduce((sum, bytes) => sum + bytes, 0) / list.length)
  }
}

/** How much more the last third may take than the first one: heaps vary by about this much from minute to minute. */
const FLAT_TOLERANCE = 0.1

/** True if after the first minute the mean of the last third is at most a tenth above that of the first third. */
export function isFlat([, ...minutes]: readonly number[]): boolean {
  const third = Math.ceil(minutes.length / 3)
  const mean = (some: readonly number[]): number => some.reduce((sum, bytes) => sum + bytes, 0) / some.length
  return minutes.length < 2 || mean(minutes.slice(-third)) <= mean(minutes.slice(0, third)) * (1 + FLAT_TOLERANCE)
}

function residentBytes(pid: number): number | undefined {
  try {
    const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
    return line === null ? undefined : Number(line[1]) * 1024
  } catch {
    return undefined
  }
}
