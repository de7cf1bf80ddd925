import { isServiceError, ServiceError } from '../core/errors.ts'
import type { LedgerJournal } from '../store/seam/ledger-store.ts'
import { decideAll, type LedgerRules, needsOf } from './decide.ts'
import type { LedgerRequest, Outcome } from './ledger.ts'

/** Most requests of one commit: some 20 ms of work, so that none waits much longer than for the disk. */
export const MAX_GROUP = 256

/** What became of a request: its outcome, or why it has none. */
export type CommitResult = { readonly outcome: Outcome } | { readonly error: unknown }

/**
 * Decides a group of requests in one durable commit, in order. Where the commit fails for what is no failure of the
 * store, each is tried alone: a request that nobody can decide never takes others with it. `mayStamp` throws where a block
 * must not be stamped after one of the time `last` (Unix seconds). Never throws.
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
    // While nothing may be stamped, what an earlier call did can still be answered again.
    const isFinal = isServiceError(error) && error.code !== 'CLOCK_JUMPED'
    if (isFinal || requests.length === 1) return requests.map(() => ({ error }))
    const settled: CommitResult[] = []
    for (const request of requests) settled.push(...(await commitGroup(journal, [request], at)))
    return settled
  }
}

/** The outcome of a request that has one. @throws what kept it from having one */
export function outcomeOf(settled: CommitResult | undefined): Outcome {
  if (settled !== undefined && 'outcome' in settled) return settled.outcome
  throw settled?.error ?? new ServiceError('UNAVAILABLE', 'The ledger is not available')
}
