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

/** How far the mean of a later minute may exceed that of the second one: page caches and heaps vary. */
const FLAT_TOLERANCE = 0.1

/** True if no later minute has a mean of more than a tenth above that of the second minute. */
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
