import { subscriberNetwork } from './addresses.ts'
import { type LimitResult, RateLimit, type SharedCounts } from './rate-limit.ts'

/** 20 bad keys within 5 minutes, as TokenKit documents. A person who mistypes a password stays below. */
const MAX_BAD_KEYS = 20
const WINDOW_SECONDS = 300
/**
 * Networks that are counted at once, about 7 MB. A block of single networks does not stop an attacker who has more than
 * this, so more memory would not help.
 */
const MAX_NETWORKS = 10_000

/** `endsAtMs`: by the monotonic clock, so that a change of the system's time neither ends nor extends a block. */
type Block = { readonly result: LimitResult; readonly endsAtMs: number }

/**
 * Blocks an address that sent 20 bad keys within 5 minutes, until those 5 minutes end. IPv6 addresses are counted by
 * their /64. Memory is bounded: above 10,000 networks, the oldest count or block is forgotten.
 */
export class BadKeys {
  readonly #counts: RateLimit
  readonly #maxNetworks: number
  /** What is blocked now, by network, so that a request costs no promise. Includes blocks that have ended. */
  readonly #blocks = new Map<string, Block>()

  /** `counts`: see `RateLimit`. A process learns that an address is blocked by its next bad key here. */
  constructor({
    maxNetworks = MAX_NETWORKS,
    counts,
  }: { readonly maxNetworks?: number; readonly counts?: SharedCounts | undefined } = {}) {
    this.#maxNetworks = maxNetworks
    const policy = { name: 'bad-keys', points: MAX_BAD_KEYS, seconds: WINDOW_SECONDS, maxKeys: maxNetworks }
    this.#counts = new RateLimit(policy, counts)
  }

  /** True while an address is blocked. */
  isBlocked(ip: string): boolean {
    return this.blockOf(ip) !== undefined
  }

  /** Returns the limit that blocks an address, for the headers of the answer; undefined if it is not blocked. */
  blockOf(ip: string): LimitResult | undefined {
    if (this.#blocks.size === 0) return undefined
    const network = subscriberNetwork(ip)
    const block = this.#blocks.get(network)
    if (block === undefined) return undefined
    const leftMs = block.endsAtMs - performance.now()
    if (leftMs > 0) return { ...block.result, resetSeconds: Math.ceil(leftMs / 1_000) }
    this.#blocks.delete(network)
    return undefined
  }

  /** Counts a bad key, a wrong password or an invalid session of an address. A missing one is not a bad one. */
  async noteBad(ip: string): Promise<void> {
    const network = subscriberNetwork(ip)
    const result = await this.#counts.penalty(network)
    if (result.allowed || this.isBlocked(ip)) return
    this.#blocks.set(network, { result, endsAtMs: performance.now() + result.resetSeconds * 1_000 })
    if (this.#blocks.size <= this.#maxNetworks) return
    for (const oldest of this.#blocks.keys()) {
      this.#blocks.delete(oldest)
      return
    }
  }
}
