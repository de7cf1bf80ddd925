import { isServiceError, ServiceError } from '../core/errors.ts'
import type { LedgerJournal } from '../store/seam/ledger-store.ts'
import { decideAll, type LedgerRules, needsOf } from './decide.ts'
import type { LedgerRequest, Outcome } from './ledger.ts'

/**
 * Largest number of requests in one commit. That is about 20 ms of work, so a request waits little longer than for the
 * disk.
 */
export const MAX_GROUP = 256

/** The result of a request: its outcome, or the error instead. */
export type CommitResult = { readonly outcome: Outcome } | { readonly error: unknown }

/**
 * Decides a group of requests in one durable commit, in order. After a bug or a jump of the clock it tries each request
 * alone, so that one undecidable request does not fail the others. `mayStamp` throws if no block
 * may follow a block of time `last` (Unix seconds). Never throws.
 */
export async function commitGroup(
  journal: LedgerJournal,
  requests: readonly LedgerRequest[],
  at: { readonly rules: LedgerRules; readonly now: number; readonly mayStamp?: (last: number) => void },
): Promise<readonly CommitResult[]> {
  try {
    const decide = (facts: Parameters<Parameters<LedgerJournal['commit']>[1]>[0]) => {
      const decided = decideAll(requests, { facts, ...at })
      if (decided.blocks.length > 0) at.mayStamp?.(facts.head.header.timestamp)
      return decided
    }
    const outcomes = await journal.commit(needsOf(requests), decide)
    return outcomes.map((outcome) => ({ outcome }))
  } catch (error) {
    // After a clock jump no new block is made. A request that is tried alone can still return the stored result of an
    // earlier call.
    const isFinal = isServiceError(error) && error.code !== 'CLOCK_JUMPED'
    if (isFinal || requests.length === 1) return requests.map(() => ({ error }))
    const settled: CommitResult[] = []
    for (const request of requests) settled.push(...(await commitGroup(journal, [request], at)))
    return settled
  }
}

/** Returns the outcome of a request. @throws the error of a request without an outcome */
export function outcomeOf(settled: CommitResult | undefined): Outcome {
  if (settled !== undefined && 'outcome' in settled) return settled.outcome
  throw settled?.error ?? new ServiceError('UNAVAILABLE', 'The ledger is not available')
}
