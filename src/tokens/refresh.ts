import { setTimeout } from 'node:timers/promises'
import type { TokenReads } from '../chains/adapter.ts'
import type { AssetRef } from '../core/asset.ts'
import { isServiceError } from '../core/errors.ts'
import type { TokenStore } from '../store/store.ts'
import { storedTokens } from './metadata.ts'

/** Tokens read at a time: four calls each, in one or two round trips. */
const BATCH_TOKENS = 200
/** Facts older than this are read again, in seconds: supplies move, names and decimals hardly ever do. */
const MAX_AGE_SECONDS = 3_600
/** Pause when nothing is left to read, and the longest pause after failures, in milliseconds. */
const IDLE_MS = 2_000
const MAX_PAUSE_MS = 60_000

/** What a refresh works on: one chain. */
export type RefreshOptions = {
  readonly store: TokenStore
  readonly readTokens: (assets: readonly AssetRef[], signal: AbortSignal) => Promise<TokenReads>
  /** Unix seconds. */
  readonly now: () => number
  readonly warn: (message: string, fields: Readonly<Record<string, unknown>>) => void
}

/** Reads one batch of tokens that were never read or are due again. Gives how many. @throws NODE_*, STORE_UNAVAILABLE */
export async function refreshOnce(options: RefreshOptions, signal: AbortSignal): Promise<number> {
  const { store, now } = options
  const assets = await store.stale({ before: now() - MAX_AGE_SECONDS, limit: BATCH_TOKENS })
  if (assets.length === 0) return 0
  await store.put(storedTokens(await options.readTokens(assets, signal), now()))
  return assets.length
}

/** Keeps the facts of a chain's tokens fresh until the signal fires. A node that fails is tried again, later each time. */
export async function refreshTokens(options: RefreshOptions, signal: AbortSignal): Promise<void> {
  let failures = 0
  while (!signal.aborted) {
    let pauseMs = 0
    try {
      pauseMs = (await refreshOnce(options, signal)) === 0 ? IDLE_MS : 0
      failures = 0
    } catch (error) {
      if (signal.aborted) return
      if (!isServiceError(error)) throw error
      failures++
      pauseMs = Math.min(MAX_PAUSE_MS, IDLE_MS * 2 ** failures)
      options.warn('tokens could not be read from the chain', { code: error.code, pauseMs })
    }
    await pause(pauseMs, signal)
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms === 0) return
  await setTimeout(ms, undefined, { signal, ref: false }).catch(() => undefined)
}
