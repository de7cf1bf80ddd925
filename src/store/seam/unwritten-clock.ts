import type { ChainClock } from './chain-clock.ts'
import { NO_DOUBTS } from './doubts.ts'

/** The clock of a chain whose writer never ran. */
export function unwrittenClock(zeroAddress: string | undefined): ChainClock {
  return {
    coverage: undefined,
    zeroAddress: zeroAddress,
    published: undefined,
    finalized: undefined,
    head: undefined,
    state: 'starting',
    error: undefined,
    auditError: undefined,
    caughtUpAt: undefined,
    caughtUpHash: undefined,
    wasReady: false,
    beatAt: undefined,
    transfers: 0,
    revision: 0,
    counts: {},
    inDoubt: false,
    doubts: NO_DOUBTS,
  }
}
