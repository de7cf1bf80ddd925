/** Heights that are remembered: of blocks seconds apart, the last hour at least. */
const KEPT = 1_024
/** A height that nobody reached since, in seconds, was a mistake of its node. */
const FORGOTTEN_AFTER = 600

/** When nodes first named which heights: a block below one of them is not the newest since then. */
export class NamedHeads {
  /** From low to high, the first time that a node named this height or a higher one, in Unix seconds. */
  #heads: { readonly number: number; readonly at: number }[] = []
  readonly #time: () => number

  constructor(time: () => number) {
    this.#time = time
  }

  /** A node says that its newest block has this number. */
  note(number: number): void {
    if (number <= this.#highest()) return
    this.#heads.push({ number, at: this.#time() })
    if (this.#heads.length > KEPT) this.#heads.shift()
  }

  /** Since when a block above this number has been known, in Unix seconds; undefined where none is. */
  above(number: number): number | undefined {
    if (this.#highest() <= number) return undefined
    return this.#heads.find((one) => one.number > number)?.at
  }

  #highest(): number {
    const last = this.#heads.at(-1)
    if (last === undefined) return -1
    if (this.#time() - last.at < FORGOTTEN_AFTER) return last.number
    this.#heads = []
    return -1
  }
}
