import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import { assert } from '../core/assert.ts'
import { isServiceError } from '../core/errors.ts'
import type { CallCount, CallCounts } from '../store/seam/call-counts.ts'

/** `name`: of the policy, for the headers. At most `points` calls of one key are allowed in each window of `seconds`. */
export type RateLimitPolicy = {
  readonly name: string
  readonly points: number
  readonly seconds: number
  /** The most keys that are counted at once. Each takes about 650 bytes. */
  readonly maxKeys: number
}

/** Counts of calls that several processes share. */
export type SharedCounts = Pick<CallCounts, 'add'>

/**
 * The state of one key's window after a call. `limit`: calls per window; `remaining`: how many of them are left;
 * `resetSeconds`: until the window ends, rounded up, at least 1.
 */
export type LimitResult = {
  readonly allowed: boolean
  readonly limit: number
  readonly remaining: number
  readonly resetSeconds: number
  readonly name: string
  readonly windowSeconds: number
}

/** The name of a policy is a string of RFC 9651 that needs no escapes. */
const NAME = /^[a-z0-9-]+$/
/** A timer of Node lasts at most 2^31-1 milliseconds; a longer one would end the window at once. */
const MAX_SECONDS = 2_147_483

/**
 * Counts calls by key in fixed windows. A window begins with the first call of a key, and further calls do not extend
 * it, whether allowed or not: a caller that never pauses is allowed again when its window ends.
 *
 * The counters are those of rate-limiter-flexible. Its memory store keeps one record and one timer for each key until
 * the window ends, without a bound. So this class knows all its keys, in the order of their windows. Above `maxKeys`,
 * it deletes the key whose window began first, and that key starts again at 0.
 *
 * If several processes answer, they count in the store instead. If the store cannot be written, each counts for itself.
 */
export class RateLimit {
  readonly #policy: RateLimitPolicy
  readonly #shared: SharedCounts | undefined
  readonly #limiter: RateLimiterMemory
  /** Every key that the library counts, and keys whose window has ended. Oldest window first. */
  readonly #keys = new Set<string>()

  /** `shared`: where all processes of the store count; absent: this process counts alone. */
  constructor(policy: RateLimitPolicy, shared?: SharedCounts) {
    const { name, points, seconds, maxKeys } = policy
    assert(NAME.test(name), 'the name of a limit is lower-case letters, digits and dashes')
    assert(seconds > 0 && seconds <= MAX_SECONDS, 'a window lasts 1 second to 24 days')
    assert(points > 0 && maxKeys > 0, 'a limit allows a call, and counts a key')
    this.#policy = policy
    this.#shared = shared
    this.#limiter = new RateLimiterMemory({ keyPrefix: name, points, duration: seconds })
  }

  /** Counts a call of a key, and resolves to whether it is allowed. */
  async take(key: string): Promise<LimitResult> {
    const shared = await this.#addShared(key)
    if (shared !== undefined) return this.#result(shared, shared.count <= this.#policy.points)
    this.#admit(key)
    try {
      return this.#counted(key, { state: await this.#limiter.consume(key), allowed: true })
    } catch (refused) {
      // The library rejects with the state of the window if no point is left.
      if (!(refused instanceof RateLimiterRes)) throw refused
      return this.#counted(key, { state: refused, allowed: false })
    }
  }

  /**
   * Counts a call of a key that was already answered, such as one that failed. Resolves to the state after it:
   * `allowed` is whether a next call would be.
   */
  async penalty(key: string): Promise<LimitResult> {
    const shared = await this.#addShared(key)
    if (shared !== undefined) return this.#result(shared, shared.count < this.#policy.points)
    this.#admit(key)
    const state = await this.#limiter.penalty(key)
    return this.#counted(key, { state, allowed: state.remainingPoints > 0 })
  }

  async #addShared(key: string): Promise<CallCount | undefined> {
    try {
      return await this.#shared?.add(this.#policy, key, Date.now())
    } catch (error) {
      if (!isServiceError(error)) throw error
      return undefined
    }
  }

  #result({ count, endsAt }: CallCount, allowed: boolean): LimitResult {
    const remainingPoints = Math.max(0, this.#policy.points - count)
    return this.#stateOf({ remainingPoints, msBeforeNext: endsAt - Date.now() }, allowed)
  }

  /** Makes room for a key. Synchronous, like the library's counting, so the bound holds at any time. */
  #admit(key: string): void {
    if (this.#keys.has(key)) return
    this.#keys.add(key)
    if (this.#keys.size <= this.#policy.maxKeys) return
    for (const oldest of this.#keys) {
      this.#keys.delete(oldest)
      // Resolves at once: the store is in memory.
      void this.#limiter.delete(oldest)
      return
    }
  }

  #counted(
    key: string,
    { state, allowed }: { readonly state: RateLimiterRes; readonly allowed: boolean },
  ): LimitResult {
    // A window began: the key is now the newest, unless it was evicted meanwhile.
    if (state.isFirstInDuration && this.#keys.delete(key)) this.#keys.add(key)
    return this.#stateOf(state, allowed)
  }

  #stateOf(state: Pick<RateLimiterRes, 'remainingPoints' | 'msBeforeNext'>, allowed: boolean): LimitResult {
    const { name, points, seconds } = this.#policy
    // The library reads the system's time: if that is set back during a window, its rest would exceed the window.
    const resetSeconds = Math.min(seconds, Math.max(1, Math.ceil(state.msBeforeNext / 1_000)))
    return { allowed, limit: points, remaining: state.remainingPoints, resetSeconds, name, windowSeconds: seconds }
  }
}

/**
 * Returns the headers that tell a caller its limit: `RateLimit-Policy` and `RateLimit` of the IETF draft
 * httpapi-ratelimit-headers (from draft 8 on), and `RateLimit-Limit`, `-Remaining` and `-Reset` of its drafts before 7,
 * which most clients read. `Retry-After` is present only if the call was refused. All times are seconds from now.
 */
export function rateLimitHeaders(result: LimitResult): Readonly<Record<string, string>> {
  const { allowed, limit, remaining, resetSeconds, name, windowSeconds } = result
  return {
    'RateLimit-Policy': `"${name}";q=${limit};w=${windowSeconds}`,
    RateLimit: `"${name}";r=${remaining};t=${resetSeconds}`,
    'RateLimit-Limit': `${limit}`,
    'RateLimit-Remaining': `${remaining}`,
    'RateLimit-Reset': `${resetSeconds}`,
    ...(allowed ? {} : { 'Retry-After': `${resetSeconds}` }),
  }
}
