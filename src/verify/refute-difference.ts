import type { Refutation } from '../store/seam/doubts.ts'
import type { ObservationStore } from '../store/seam/observations.ts'
import type { Difference } from './comparison.ts'

/**
 * Stops a wrong amount from being served: reports it to the audit, and deletes an observation that the chain
 * contradicts at its own block.
 * @throws STORE_UNAVAILABLE
 */
export async function refuteDifference(
  deps: {
    readonly observations: Pick<ObservationStore, 'markCompared'>
    readonly audit: { readonly refuted: (refutation: Refutation) => Promise<void> }
  },
  { subject, account, asset, item, block, stored, accounting }: Difference,
): Promise<void> {
  const whose = subject === 'supply' ? undefined : account
  if (accounting === 'events') await deps.audit.refuted({ asset, account: whose, item })
  if (subject !== 'observation') return
  const observation = { account, asset, item, block, amount: stored, observedAt: 0 }
  await deps.observations.markCompared([{ observation, keep: false }])
}
