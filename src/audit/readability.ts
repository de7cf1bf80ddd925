import type { BalanceRead } from '../chains/adapter.ts'
import { type AssetRef, assetKey } from '../core/asset.ts'
import type { BalanceKey, UnknownReason } from '../core/balance.ts'
import type { Readability } from '../store/seam/audits.ts'

/** Reasons that lie in the contract, not in the node. */
const CONTRACTS: readonly UnknownReason[] = ['token_does_not_answer', 'no_balance_function', 'not_a_token']

/**
 * Groups the tokens by their reads: `answering` returned at least one amount, `unreadable` none. A node's failure counts
 * for neither.
 */
export function readability(
  keys: readonly BalanceKey[],
  answers: readonly (BalanceRead | undefined)[],
): Pick<Readability, 'unreadable' | 'answering'> {
  const unreadable = new Map<string, AssetRef>()
  const answering = new Map<string, AssetRef>()
  for (const [index, { asset }] of keys.entries()) {
    const answer = answers[index]
    if (answer?.ok === true) answering.set(assetKey(asset), asset)
    else if (answer !== undefined && CONTRACTS.includes(answer.reason)) unreadable.set(assetKey(asset), asset)
  }
  for (const name of answering.keys()) unreadable.delete(name)
  return { unreadable: [...unreadable.values()], answering: [...answering.values()] }
}
