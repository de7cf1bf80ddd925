import { setTimeout as sleep } from 'node:timers/promises'
import { codeOf, isServiceError, type ServiceError } from '../core/errors.ts'
import { isFatal } from './fatal.ts'
import type { Indexer } from './indexer.ts'
import type { IndexerOptions } from './indexer-options.ts'

/** Pauses after failures grow from the poll interval to this. */
const MAX_PAUSE_MS = 30_000

/** How an indexer is run. */
export type RunOptions = {
  readonly indexer: Indexer
  /** Pause between two polls of the head, in milliseconds. */
  readonly pollMs: number
  readonly log: IndexerOptions['log']
  readonly signal: AbortSignal
}

/**
 * Steps until the signal fires: at once while there is more to do, else after a pause. Retries failures after growing
 * pauses, logs the first and every tenth, and publishes the error for `/health`. An error that cannot heal stops the
 * chain, and is logged as an error. Returns the error that stopped the chain; undefined for a bug or after the signal.
 */
export async function runIndexer({ indexer, pollMs, log, signal }: RunOptions): Promise<ServiceError | undefined> {
  let failures = 0
  while (!signal.aborted) {
    try {
      const result = await indexer.step(signal)
      if (failures > 0) log('info', 'following again', { failures })
      failures = 0
      if (result === 'idle') await sleep(pollMs, undefined, { signal })
    } catch (error) {
      if (signal.aborted) return undefined
      failures++
      const message = error instanceof Error ? error.message : String(error)
      const code = codeOf(error)
      if (isFatal(error)) {
        log('error', 'this chain stops', { code, error: message })
        await say(indexer, message, 'stopped')
        return isServiceError(error) ? error : undefined
      }
      if (failures === 1 || failures % 10 === 0)
        log('warn', 'cannot follow, will try again', { code, error: message, failures })
      await say(indexer, message)
      await pause(Math.min(MAX_PAUSE_MS, pollMs * 2 ** Math.min(failures - 1, 16)), signal)
    }
  }
  return undefined
}

async function say(indexer: Indexer, message: string, state?: 'stopped'): Promise<void> {
  try {
    await indexer.fail(message, state)
  } catch {
    // The store itself fails. The error is logged already, and /health shows an old heartbeat.
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined)
}
