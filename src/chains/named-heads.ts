/** Most block numbers to remember: about an hour of blocks that are 4 s apart. */
const KEPT = 1_024
/** Seconds without a higher head after which all are forgotten: a head too high was a node's mistake. */
const FORGOTTEN_AFTER = 600

/** Remembers when nodes first reported which head: a block below one of them is not the newest since then. */
export class NamedHeads {
  /** From low to high: the time (Unix seconds) at which a node first reported this block number or a higher one. */
  #heads: { readonly number: number; readonly at: number }[] = []
  readonly #time: () => number
  readonly #onHigher: (number: number, at: number) => void

  /** `onHigher` is called with each head that is higher than all before, and its time. */
  constructor(time: () => number, onHigher: (number: number, at: number) => void = () => undefined) {
    this.#time = time
    this.#onHigher = onHigher
  }

  /** Records the head that a node reported, now or at an earlier time (Unix seconds). */
  note(number: number, at: number = this.#time()): void {
    if (number <= this.#highest()) return
    this.#heads.push({ number, at })
    if (this.#heads.length > KEPT) this.#heads.shift()
    this.#onHigher(number, at)
  }

  /** Returns since when a block above this number has been known, in Unix seconds; undefined if none is. */
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
