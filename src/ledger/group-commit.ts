import { isServiceError, ServiceError } from '../core/errors.ts'
import type { LedgerJournal } from '../store/ledger-store.ts'
import { decideAll, type LedgerRules, needsOf } from './decide.ts'
import type { LedgerRequest, Outcome } from './ledger.ts'

/** Most requests of one commit: some 20 ms of work, so that none waits much longer than for the disk. */
export const MAX_GROUP = 256

/** What became of a request: its outcome, or why it has none. */
export type Settled = { readonly outcome: Outcome } | { readonly error: unknown }

/**
 * Decides a group of requests in one durable commit, in order. Where the commit fails for what is no failure of the
 * store, each is tried alone: a request that nobody can decide never takes others with it. Never throws.
 */
export async function commitGroup(
  journal: LedgerJournal,
  requests: readonly LedgerRequest[],
  at: { readonly rules: LedgerRules; readonly now: number },
): Promise<readonly Settled[]> {
  try {
    const decide = (facts: Parameters<Parameters<LedgerJournal['commit']>[1]>[0]) =>
      decideAll(requests, { facts, ...at })
    const outcomes = await journal.commit(needsOf(requests), decide)
    return outcomes.map((outcome) => ({ outcome }))
  } catch (error) {
    if (isServiceError(error) || requests.length === 1) return requests.map(() => ({ error }))
    const settled: Settled[] = []
    for (const request of requests) settled.push(...(await commitGroup(journal, [request], at)))
    return settled
  }
}

/** The outcome of a request that has one. @throws what kept it from having one */
export function outcomeOf(settled: Settled | undefined): Outcome {
  if (settled !== undefined && 'outcome' in settled) return settled.outcome
  throw settled?.error ?? new ServiceError('UNAVAILABLE', 'The ledger is not available')
}
