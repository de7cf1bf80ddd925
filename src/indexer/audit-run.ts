import { setTimeout as sleep } from 'node:timers/promises'
import { codeOf, isServiceError } from '../core/errors.ts'
import type { Auditor, AuditorOptions } from './audit.ts'

/** Pause after a round, so that a chain with a block every moment is audited without end but not without rest. */
const PAUSE_MS = 250
/** Pauses after failures grow to this. */
const MAX_PAUSE_MS = 30_000

/**
 * Audits head after head until the signal fires, beside the indexing, and no error ends it before. What fails is tried
 * again after growing pauses, and kept where `/health` reads it. The log says the first of several failures.
 */
export async function runAudit(auditor: Auditor, log: AuditorOptions['log'], signal: AbortSignal): Promise<void> {
  let failures = 0
  while (!signal.aborted) {
    await auditor.due(signal)
    if (signal.aborted) return
    try {
      await auditor.round(signal)
      auditor.ended(undefined)
      failures = 0
    } catch (error) {
      if (signal.aborted) return
      auditor.ended(error)
      if (failures++ === 0) tellFailure(error, log)
    }
    const pauseMs = Math.min(MAX_PAUSE_MS, PAUSE_MS * 2 ** Math.min(failures, 16))
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined)
  }
}

/** What no part of Steelyard throws on purpose is a bug, and worth its stack. */
function tellFailure(error: unknown, log: AuditorOptions['log']): void {
  if (isServiceError(error)) log('warn', 'cannot audit, will try again', { code: error.code, error: error.message })
  else log('error', 'the audit failed by a bug, will try again', { code: codeOf(error), err: error })
}
