import type { ChainId } from '../core/chain.ts'
import type { StoredToken } from '../store/seam/tokens.ts'

/** Facts older than this are read again when they are requested. */
export const OLD_SECONDS = 60
/** Tokens that are read at once: a few round trips. */
const READ_AT_ONCE = 100

/** True if the facts are to be read again. `now`: Unix seconds. */
export function isOld(stored: StoredToken, now: number): boolean {
  return now - stored.readAt > OLD_SECONDS
}

/** A token in memory. `isQueued`: its old facts wait to be read again, or are being read. */
export type Queueable = { isQueued: boolean }

/** How old facts are read. `read` rejects if they cannot be stored, and `canRead` says whether a chain may be read now. */
export type OldFactsOptions<T> = {
  readonly read: (chain: ChainId, tokens: readonly T[]) => Promise<void>
  readonly canRead: (chain: ChainId) => boolean
  readonly failed: (chain: ChainId, error: unknown) => void
}

/**
 * Tokens whose facts grew old, which are read again in the background. All facts of a chain grow old at about the same time, so one
 * read runs at a time, and what is added meanwhile is gathered for the next one (decision 57).
 */
export class OldFacts<T extends Queueable> {
  readonly #options: OldFactsOptions<T>
  /** Of the chains that are being read. */
  readonly #queues = new Map<ChainId, T[]>()

  constructor(options: OldFactsOptions<T>) {
    this.#options = options
  }

  /** Reads tokens as soon as the reads before allow it, those that are not queued yet. */
  add(chain: ChainId, tokens: readonly T[]): void {
    const queue = this.#queues.get(chain) ?? []
    for (const token of tokens) {
      if (token.isQueued) continue
      token.isQueued = true
      queue.push(token)
    }
    if (queue.length === 0 || this.#queues.has(chain)) return
    this.#queues.set(chain, queue)
    this.#readAll(chain, queue)
      .catch((error: unknown) => this.#options.failed(chain, error))
      .finally(() => {
        this.#queues.delete(chain)
        // After a failure the next request adds them again.
        for (const token of queue) token.isQueued = false
      })
  }

  async #readAll(chain: ChainId, queue: T[]): Promise<void> {
    while (queue.length > 0 && this.#options.canRead(chain)) {
      const batch = queue.splice(0, READ_AT_ONCE)
      try {
        await this.#options.read(chain, batch)
      } finally {
        for (const token of batch) token.isQueued = false
      }
    }
  }
}
