import { setTimeout as sleep } from 'node:timers/promises'
import { codeOf, isServiceError } from '../core/errors.ts'
import type { Auditor, AuditorOptions } from './auditor.ts'

/** Pause after a round, so that a chain with very frequent blocks is audited all the time, but not without breaks. */
const PAUSE_MS = 250
/** Pauses after failures double up to this, in milliseconds. */
const MAX_PAUSE_MS = 30_000

/** How an audit runs beside its indexer. */
export type AuditRun = {
  readonly auditor: Pick<Auditor, 'due' | 'round' | 'ended'>
  readonly log: AuditorOptions['log']
  /** Pause after a round, in milliseconds, if not the default. */
  readonly pauseMs?: number
}

/**
 * Audits head after head beside the indexing, until the signal fires. Errors do not end it: it retries after growing
 * pauses, and `/health` shows the error. Of several failures in a row, only the first is logged.
 */
export async function runAudit({ auditor, log, pauseMs = PAUSE_MS }: AuditRun, signal: AbortSignal): Promise<void> {
  let failures = 0
  while (!signal.aborted) {
    try {
      await auditor.due(signal)
      if (signal.aborted) return
      await auditor.round(signal)
      auditor.ended(undefined)
      failures = 0
    } catch (error) {
      if (signal.aborted) return
      auditor.ended(error)
      if (failures++ === 0) logFailure(error, log)
    }
    await sleep(Math.min(MAX_PAUSE_MS, pauseMs * 2 ** Math.min(failures, 16)), undefined, { signal }).catch(
      () => undefined,
    )
  }
}

/** Any other error than a ServiceError is a bug: log its stack. */
function logFailure(error: unknown, log: AuditorOptions['log']): void {
  if (isServiceError(error)) log('warn', 'cannot audit, will try again', { code: error.code, error: error.message })
  else log('error', 'the audit failed because of a bug, will try again', { code: codeOf(error), err: error })
}
