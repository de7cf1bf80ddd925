import { setTimeout as sleep } from 'node:timers/promises'
import { codeOf, isServiceError } from '../core/errors.ts'
import type { Auditor, AuditorOptions } from './auditor.ts'

/** Pause after a round, so that a chain with a block every moment is audited without end but not without rest. */
const PAUSE_MS = 250
/** Pauses after failures grow to this. */
const MAX_PAUSE_MS = 30_000

export type AuditRun = {
  readonly auditor: Pick<Auditor, 'due' | 'round' | 'ended'>
  readonly log: AuditorOptions['log']
  /** Pause after a round, in milliseconds, unless the usual one. */
  readonly pauseMs?: number
}

/**
 * Audits head after head until the signal fires, beside the indexing, and no error ends it before. What fails is tried
 * again after growing pauses, and kept where `/health` reads it. The log says the first of several failures.
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

/** What no part of Steelyard throws on purpose is a bug, and worth its stack. */
function logFailure(error: unknown, log: AuditorOptions['log']): void {
  if (isServiceError(error)) log('warn', 'cannot audit, will try again', { code: error.code, error: error.message })
  else log('error', 'the audit failed by a bug, will try again', { code: codeOf(error), err: error })
}
