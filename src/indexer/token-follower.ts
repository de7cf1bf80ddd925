import { setTimeout as sleep } from 'node:timers/promises'
import type { ChainAdapter } from '../chains/adapter.ts'
import type { ChainReads } from '../store/store.ts'

/** Tokens read in one go: a few round trips. */
const BATCH = 50
/** Pause between two looks for tokens to read, in milliseconds. */
const PAUSE_MS = 1_000
/** Facts older than this are read again: an upgrade may change them, and the supply moves. */
const MAX_AGE_SECONDS = 3_600

export type TokenFollowerOptions = {
  readonly adapter: ChainAdapter
  readonly reads: ChainReads
  /** Unix seconds. */
  readonly time: () => number
  readonly log: (level: 'info' | 'warn', message: string, fields: Readonly<Record<string, unknown>>) => void
  readonly signal: AbortSignal
}

/** Reads what new tokens say of themselves, and old ones again, beside the indexing and never in its way. */
export async function followTokens(options: TokenFollowerOptions): Promise<void> {
  const { adapter, reads, time, log, signal } = options
  let failing = false
  while (!signal.aborted) {
    try {
      const assets = await reads.tokens.stale({ before: time() - MAX_AGE_SECONDS, limit: BATCH })
      if (assets.length > 0) {
        const { block, facts } = await adapter.readTokens(assets, signal)
        await reads.tokens.put(facts.map((fact) => ({ ...fact, readAt: time(), supplyBlock: block })))
      }
      failing = false
      if (assets.length === BATCH) continue
    } catch (error) {
      if (signal.aborted) return
      if (!failing) log('warn', 'cannot read token metadata, will try again', { error: String(error) })
      failing = true
    }
    await sleep(PAUSE_MS, undefined, { signal }).catch(() => undefined)
  }
}
