import { setTimeout as sleep } from 'node:timers/promises'
import type { ChainAdapter } from '../chains/adapter.ts'
import type { ReadTokenFacts } from '../core/token.ts'
import type { ChainReads } from '../store/seam/store.ts'
import type { StoredToken } from '../store/seam/tokens.ts'

/** Tokens read at once: a few round trips. */
const BATCH = 50
/** Pause between two checks for tokens to read, in milliseconds. */
const PAUSE_MS = 1_000
/** Facts older than this are read again: a contract upgrade may change them, and the supply changes. */
const MAX_AGE_SECONDS = 3_600

/** Facts that the node did not return are read again after this: by then a short failure of the node is over. */
const UNKNOWN_SECONDS = 300

/** What the refresh of token facts needs. */
export type TokenFollowerOptions = {
  readonly adapter: ChainAdapter
  readonly reads: ChainReads
  /** Unix seconds. */
  readonly time: () => number
  readonly log: (level: 'info' | 'warn', message: string, fields: Readonly<Record<string, unknown>>) => void
  readonly signal: AbortSignal
}

/** Reads the facts of new tokens, and old facts again, beside the indexing and without delaying it. */
export async function refreshTokens(options: TokenFollowerOptions): Promise<void> {
  const { log, signal } = options
  let failing = false
  while (!signal.aborted) {
    try {
      const count = await readOldTokens(options)
      failing = false
      if (count === BATCH) continue
    } catch (error) {
      if (signal.aborted) return
      if (!failing) log('warn', 'cannot read token metadata, will try again', { error: String(error) })
      failing = true
    }
    await sleep(PAUSE_MS, undefined, { signal }).catch(() => undefined)
  }
}

/**
 * Reads some tokens that are new or whose facts are old. Returns how many.
 * @throws NODE_*, STORE_UNAVAILABLE, ABORTED
 */
export async function readOldTokens(options: Omit<TokenFollowerOptions, 'log'>): Promise<number> {
  const { adapter, reads, time, signal } = options
  const assets = await reads.tokens.stale({ before: time() - MAX_AGE_SECONDS, limit: BATCH })
  if (assets.length === 0) return 0
  const { block, facts } = await adapter.readTokens(assets, signal)
  const stored = await reads.tokens.get(assets)
  const now = time()
  const soon = now - MAX_AGE_SECONDS + UNKNOWN_SECONDS
  await reads.tokens.put(
    facts.map((fact, index) => ({
      ...fact,
      readAt: isWorthAsking(fact, stored[index]) ? soon : now,
      supplyBlock: block,
    })),
  )
  return assets.length
}

/**
 * True if a missing fact was known before, or never requested. A fact that was missing before too is normal for many
 * tokens.
 */
function isWorthAsking({ unknownFacts = [] }: ReadTokenFacts, stored: StoredToken | undefined): boolean {
  return unknownFacts.some((fact) => stored === undefined || stored[fact] !== undefined)
}
