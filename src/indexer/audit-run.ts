import { setTimeout as sleep } from 'node:timers/promises'
import type { Auditor, AuditorOptions } from './audit.ts'
import { isFatal } from './indexer.ts'

/** Pause after a round, so that a chain with a block every moment is audited without end but not without rest. */
const PAUSE_MS = 250
/** Pauses after failures grow to this. */
const MAX_PAUSE_MS = 30_000

/** Audits head after head until the signal fires, beside the indexing. What fails is tried again, said once in the log. */
export async function runAudit(auditor: Auditor, log: AuditorOptions['log'], signal: AbortSignal): Promise<void> {
  let failures = 0
  while (!signal.aborted) {
    await auditor.due(signal)
    if (signal.aborted) return
    try {
      await auditor.round(signal)
      failures = 0
    } catch (error) {
      if (signal.aborted) return
      if (isFatal(error)) {
        log('warn', 'the audit stops', { error: String(error) })
        return
      }
      if (failures++ === 0) log('warn', 'cannot audit, will try again', { error: String(error) })
    }
    const pauseMs = Math.min(MAX_PAUSE_MS, PAUSE_MS * 2 ** Math.min(failures, 16))
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined)
  }
}
