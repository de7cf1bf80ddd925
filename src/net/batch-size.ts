import type { RpcFault } from './json-rpc.ts'

/** Most calls in one batch: what geth, Infura and Alchemy take at most is 1,000; half leaves room in the answer. */
const MAX_BATCH = 500
/**
 * Batches that failed in a row, for an unknown reason, after which smaller ones are sent: a balancer that fails one time in
 * four hardly does so three times in a row.
 */
const FAILURES_BEFORE_SMALLER = 3
/** The same where the node asks for a slower pace: that is mostly about time, and smaller batches are more requests. */
const RATE_LIMITS_BEFORE_SMALLER = 4
/** Batches that must succeed before a larger one is tried again; doubled each time that it failed, up to the most. */
const FIRST_SUCCESSES_BEFORE_LARGER = 32
const MAX_SUCCESSES_BEFORE_LARGER = 512

/**
 * How many calls a node takes in one batch. What it says (`refused`) stays; what only failed (`failed`) makes batches
 * smaller until they pass, and larger again once they have done so for a while.
 */
export class BatchSize {
  #stated = MAX_BATCH
  #working = MAX_BATCH
  #failures = 0
  #failedAt = 0
  #successes = 0
  #isRaised = false
  #successesNeeded = FIRST_SUCCESSES_BEFORE_LARGER

  get most(): number {
    return Math.min(this.#stated, this.#working)
  }

  /** The node refused a batch of so many calls as such. */
  refused(fault: RpcFault | undefined, tried: number): void {
    this.#stated = Math.max(1, Math.min(this.#stated, sizeAfter(fault, tried)))
    this.#failures = 0
  }

  /** The node takes no batches at all. */
  batchesRefused(): void {
    this.#stated = 1
  }

  /** A batch of so many calls was put off as over the node's pace. Smaller ones are sent after the fourth time. */
  rateLimited(tried: number): void {
    this.failed(tried, RATE_LIMITS_BEFORE_SMALLER)
  }

  /** A batch of so many calls failed as a whole, for an unknown reason. Smaller ones are sent after the third time. */
  failed(tried: number, times = FAILURES_BEFORE_SMALLER): void {
    this.#successes = 0
    this.#failedAt = tried
    if (++this.#failures >= times) this.halve(tried)
  }

  /** A batch of so many calls was too large, without a word of it. */
  halve(tried: number): void {
    this.#failures = 0
    this.#successes = 0
    this.#working = Math.max(1, Math.min(this.#working, Math.floor(tried / 2)))
    if (this.#isRaised) this.#successesNeeded = Math.min(2 * this.#successesNeeded, MAX_SUCCESSES_BEFORE_LARGER)
    this.#isRaised = false
  }

  /** A batch of so many calls was answered. Small ones tell nothing of those that failed. */
  answered(calls: number): void {
    if (calls >= this.#failedAt) this.#failures = 0
    if (calls < this.most || this.#working >= this.#stated || ++this.#successes < this.#successesNeeded) return
    this.#successes = 0
    this.#isRaised = true
    this.#working = Math.min(2 * this.#working, MAX_BATCH)
  }
}

/** The size to go on with after a refusal: the node's own number, else half, else single calls. */
function sizeAfter(fault: RpcFault | undefined, tried: number): number {
  if (fault === undefined) return Math.floor(tried / 2)
  const hint = Number(/\b(\d{1,4})\b/.exec(fault.message)?.[1])
  if (hint >= 1 && hint < tried) return hint
  return /too (?:large|big|many|long)|limit|exceed|max|more than/i.test(fault.message) ? Math.floor(tried / 2) : 1
}
