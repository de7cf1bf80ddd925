import type { AssetRef } from './asset.ts'
import type { BlockRef, Finality } from './block.ts'

/** Where an amount comes from: a sum of events, a read of the chain, or the absence of both inside coverage. */
export type Source = 'events' | 'reads'

/**
 * An amount at a named block. `knownAt` (Unix seconds) is when it was last known true; its age is now minus that.
 */
export type Known = {
  readonly known: true
  readonly amount: bigint
  readonly block: BlockRef
  readonly finality: Finality
  readonly source: Source
  readonly knownAt: number
}

/** Why an amount is not known. Never rendered as a number. */
export type UnknownReason =
  | 'outside_coverage'
  | 'opening_unknown'
  | 'token_does_not_answer'
  | 'not_a_token'
  | 'node_unavailable'
  | 'no_archive'
  | 'not_supported'

const NODE_FAILURES: ReadonlySet<string> = new Set<UnknownReason>(['node_unavailable', 'no_archive'])

/** True for a reason that is about a node and not about the token: another node, or another time, may give the amount. */
export function isNodeFailure(reason: string): boolean {
  return NODE_FAILURES.has(reason)
}

export type Unknown = { readonly known: false; readonly reason: UnknownReason }

/** What is known of an (account, asset, item). */
export type Balance = Known | Unknown

/** True where only a node's failure leaves the balance unknown. */
export function isNodeUnknown(balance: Balance): boolean {
  return !balance.known && isNodeFailure(balance.reason)
}

/** True where no balance is known, and a node's failure is why at least one is not: an empty list would be a guess. */
export function isNoneTold(balances: readonly Balance[]): boolean {
  return balances.every(({ known }) => !known) && balances.some(isNodeUnknown)
}

/** Which balance: `account` and `asset` canonical; `item` '' for fungible assets and for a contract's roll-up. */
export type BalanceKey = { readonly account: string; readonly asset: AssetRef; readonly item: string }

/** A read of the chain: what it said at a block, and when (Unix seconds) we asked. */
export type Observation = BalanceKey & {
  readonly amount: bigint
  readonly block: BlockRef
  readonly observedAt: number
}
