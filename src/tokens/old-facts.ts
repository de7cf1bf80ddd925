import type { ChainId } from '../core/chain.ts'
import type { StoredToken } from '../store/seam/tokens.ts'

/** Facts older than this are read again when they are requested. */
export const OLD_SECONDS = 60
/** Tokens that are read at once. On EVM, with four facts each, this is one multicall. */
const READ_AT_ONCE = 25
/** Tokens of a chain that wait. More are not taken, so that none waits for long: the next request adds it again. */
const MAX_QUEUED = 1_000

/** True if the facts are to be read again. `now`: Unix seconds. */
export function isOld(stored: StoredToken, now: number): boolean {
  return now - stored.readAt > OLD_SECONDS
}

/** A token in memory. `isQueued`: its old facts wait to be read again, or are being read. */
export type Queueable = { isQueued: boolean }

/** How old facts are read. If `read` rejects, `onFailure` is told. `canRead`: whether a chain may be read now. */
export type OldFactsOptions<T> = {
  readonly read: (chain: ChainId, tokens: readonly T[]) => Promise<void>
  readonly canRead: (chain: ChainId) => boolean
  readonly onFailure: (chain: ChainId, error: unknown) => void
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
      if (queue.length >= MAX_QUEUED) break
      if (token.isQueued) continue
      token.isQueued = true
      queue.push(token)
    }
    if (queue.length === 0 || this.#queues.has(chain)) return
    this.#queues.set(chain, queue)
    this.#readAll(chain, queue).catch((error: unknown) => this.#options.onFailure(chain, error))
  }

  /** Reads until the queue is empty. After a failure the rest is left to the next request. */
  async #readAll(chain: ChainId, queue: T[]): Promise<void> {
    try {
      while (queue.length > 0 && this.#options.canRead(chain)) {
        const batch = queue.splice(0, READ_AT_ONCE)
        try {
          await this.#options.read(chain, batch)
        } finally {
          for (const token of batch) token.isQueued = false
        }
      }
    } finally {
      this.#queues.delete(chain)
      for (const token of queue) token.isQueued = false
    }
  }
}
