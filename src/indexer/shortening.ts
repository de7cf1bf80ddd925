import { type BlockRef, sameBlock } from '../core/block.ts'

/**
 * Polls in a row, and the time that they must span, after which a head that stays below ours is no lag: on a chain that
 * goes on, the head of a node that lags moves.
 */
const POLLS = 5
const SPAN_MS = 10_000

/**
 * Tells a chain that got shorter from a node that lags. Both show one of our older blocks as the head. A chain that got
 * shorter has no newer block than that on any node, for some time.
 */
export class Shortening {
  #seen: { readonly head: BlockRef; readonly since: number; polls: number } | undefined

  /** Records a poll whose head is one of our older blocks, or none of ours. Returns true if it is not only a lag. `now`: monotonic ms. */
  isLikely(head: BlockRef | undefined, now: number): boolean {
    if (head === undefined) this.forget()
    else if (this.#seen === undefined || !sameBlock(this.#seen.head, head)) this.#seen = { head, since: now, polls: 1 }
    else this.#seen.polls++
    if (this.#seen === undefined || this.#seen.polls < POLLS || now - this.#seen.since < SPAN_MS) return false
    // If another node still has our newest block, the next look is after as many polls.
    this.forget()
    return true
  }

  /** Records a poll with any other head. */
  forget(): void {
    this.#seen = undefined
  }
}
