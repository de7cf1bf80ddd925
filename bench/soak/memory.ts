import { readFileSync } from 'node:fs'

/** Resident memory of a process over time, in bytes: one sample a second. */
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

  /** The mean of each whole minute so far. */
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

/** A mean of a later minute may stand so far above the mean of the second one: page caches and heaps breathe. */
const FLAT_TOLERANCE = 0.1

/** True where no minute after the second has a mean that is more than a tenth above it. */
export function isFlat(minutes: readonly number[]): boolean {
  const [, second, ...later] = minutes
  return second === undefined || later.every((mean) => mean <= second * (1 + FLAT_TOLERANCE))
}

function residentBytes(pid: number): number | undefined {
  try {
    const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
    return line === null ? undefined : Number(line[1]) * 1024
  } catch {
    return undefined
  }
}
