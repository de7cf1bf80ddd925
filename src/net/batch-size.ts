import type { RpcFault } from './json-rpc.ts'

/** Most calls in one batch: geth, Infura and Alchemy accept at most 1,000; half leaves room in the answer. */
const MAX_BATCH = 500
/**
 * Failures in a row, for an unknown reason, before smaller batches are sent: a load balancer that fails one time in
 * four hardly fails three times in a row.
 */
const FAILURES_BEFORE_SMALLER = 3
/** The same for rate limits: they are mostly about time, and smaller batches mean more requests. */
const RATE_LIMITS_BEFORE_SMALLER = 4
/**
 * Batches that must succeed before a larger one is tried; doubled each time the larger one fails, up to the maximum.
 */
const FIRST_SUCCESSES_BEFORE_LARGER = 32
const MAX_SUCCESSES_BEFORE_LARGER = 512

/**
 * Tracks how many calls a node accepts in one batch. A limit that the node states (`refused`) stays. Failures
 * (`failed`) make batches smaller until they succeed, and larger again after a while.
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

  /** Records that the node refused a batch of this size. */
  refused(fault: RpcFault | undefined, tried: number): void {
    this.#stated = Math.max(1, Math.min(this.#stated, sizeAfter(fault, tried)))
    this.#failures = 0
  }

  /** Records that the node accepts no batches. */
  batchesRefused(): void {
    this.#stated = 1
  }

  /** Records that a batch of this size hit a rate limit. After the fourth time, smaller batches are sent. */
  rateLimited(tried: number): void {
    this.failed(tried, RATE_LIMITS_BEFORE_SMALLER)
  }

  /**
   * Records that a batch of this size failed as a whole, for an unknown reason. After the third time, smaller batches
   * are sent.
   */
  failed(tried: number, times = FAILURES_BEFORE_SMALLER): void {
    this.#successes = 0
    this.#failedAt = tried
    if (++this.#failures >= times) this.halve(tried)
  }

  /** Records that a batch of this size was too large, although the node did not say so. */
  halve(tried: number): void {
    this.#failures = 0
    this.#successes = 0
    this.#working = Math.max(1, Math.min(this.#working, Math.floor(tried / 2)))
    if (this.#isRaised) this.#successesNeeded = Math.min(2 * this.#successesNeeded, MAX_SUCCESSES_BEFORE_LARGER)
    this.#isRaised = false
  }

  /** Records that a batch of this size was answered. A small batch says nothing about larger ones that failed. */
  answered(calls: number): void {
    if (calls >= this.#failedAt) this.#failures = 0
    if (calls < this.most || this.#working >= this.#stated || ++this.#successes < this.#successesNeeded) return
    this.#successes = 0
    this.#isRaised = true
    this.#working = Math.min(2 * this.#working, MAX_BATCH)
  }
}

/** Returns the next size after a refusal: the node's own limit, or else half, or else single calls. */
function sizeAfter(fault: RpcFault | undefined, tried: number): number {
  if (fault === undefined) return Math.floor(tried / 2)
  const hint = Number(/\b(\d{1,4})\b/.exec(fault.message)?.[1])
  if (hint >= 1 && hint < tried) return hint
  return /too (?:large|big|many|long)|limit|exceed|max|more than/i.test(fault.message) ? Math.floor(tried / 2) : 1
}
