/** What one thread leaves at least of what is not taken, when it takes several at once: three quarters. */
const SHARE = 4

/**
 * Partitions of which two threads take those that they work on, so that both end at the same time: one thread from the
 * first partition on, one by one, and the other from the last one back, several at once as long as many are left.
 */
export class Claims {
  readonly #partitions: number
  readonly #taken: Int32Array<SharedArrayBuffer>
  #own = 0

  /** `memory`: of the other thread's claims; if not given, nothing is taken. */
  constructor(partitions: number, memory = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)) {
    this.#partitions = partitions
    this.#taken = new Int32Array(memory)
  }

  /** What the other thread makes its claims of. */
  get memory(): SharedArrayBuffer {
    return this.#taken.buffer
  }

  /** The next partition from the first on; undefined if none is left. */
  first(): number | undefined {
    return this.#take(() => 1) === 0 ? undefined : this.#own++
  }

  /** The next partitions from the last one back; undefined if none is left. */
  last(): { readonly first: number; readonly end: number } | undefined {
    const count = this.#take((left) => Math.max(1, Math.floor(left / SHARE)))
    if (count === 0) return undefined
    const end = this.#partitions - this.#own
    this.#own += count
    return { first: end - count, end }
  }

  /** Leaves none to take. */
  stop(): void {
    Atomics.store(this.#taken, 0, this.#partitions)
  }

  #take(countOf: (left: number) => number): number {
    for (;;) {
      const taken = Atomics.load(this.#taken, 0)
      const left = this.#partitions - taken
      if (left <= 0) return 0
      const count = countOf(left)
      if (Atomics.compareExchange(this.#taken, 0, taken, taken + count) === taken) return count
    }
  }
}
