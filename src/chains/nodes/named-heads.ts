import type { BlockRef } from '../../core/block.ts'

/** Most block numbers to remember: about an hour of blocks that are 4 s apart. */
const KEPT = 1_024
/** Seconds without a newer head after which heads are forgotten: a head too high was a node's mistake. */
const FORGOTTEN_AFTER = 600

/**
 * Remembers when nodes first reported which head. Since then, a block below it is not the newest, and a block with the same
 * number may not be.
 */
export class NamedHeads {
  /** From low to high: the time (Unix seconds) at which a node first reported this block number or a higher one. */
  #heads: { readonly number: number; readonly at: number }[] = []
  /** When each head was first reported, by number and hash. The newest numbers come last. */
  readonly #blocks = new Map<number, Map<string, number>>()
  readonly #time: () => number
  readonly #onNew: (block: BlockRef, at: number) => void

  /** `onNew` is called with each head that was not reported before, and its time. */
  constructor(time: () => number, onNew: (block: BlockRef, at: number) => void = () => undefined) {
    this.#time = time
    this.#onNew = onNew
  }

  /** Records the head that a node reported, now or at an earlier time (Unix seconds). */
  note({ number, hash }: BlockRef, at: number = this.#time()): void {
    const blocks = this.#blocks.get(number) ?? new Map<string, number>()
    if (blocks.has(hash)) return
    blocks.set(hash, at)
    this.#blocks.set(number, blocks)
    for (const oldest of this.#blocks.keys()) {
      if (this.#blocks.size <= KEPT) break
      this.#blocks.delete(oldest)
    }
    if (number > this.#highest()) {
      this.#heads.push({ number, at })
      if (this.#heads.length > KEPT) this.#heads.shift()
    }
    this.#onNew({ number, hash }, at)
  }

  /**
   * Returns since when a higher block, or another block with this number, has been known, in Unix seconds; undefined if
   * none is.
   */
  replacedAt({ number, hash }: BlockRef): number | undefined {
    const times: number[] = []
    if (this.#highest() > number) times.push(this.#heads.find((one) => one.number > number)?.at ?? 0)
    for (const [other, at] of this.#blocks.get(number) ?? []) {
      if (other !== hash && this.#time() - at < FORGOTTEN_AFTER) times.push(at)
    }
    return times.length === 0 ? undefined : Math.min(...times)
  }

  #highest(): number {
    const last = this.#heads.at(-1)
    if (last === undefined) return -1
    if (this.#time() - last.at < FORGOTTEN_AFTER) return last.number
    this.#heads = []
    this.#blocks.clear()
    return -1
  }
}
