import { type AssetRef, assetKey } from './asset.ts'
import type { BlockRef, Finality } from './block.ts'
import { STANDARD_RULES } from './standards.ts'

/** The source of an amount: a sum of events (0 for a missing row that coverage has since block 0), or a read of the chain. */
export type Source = 'events' | 'reads'

/**
 * An amount at a named block. `knownAt` (Unix seconds): when it was last known to be true. Its age is now minus that.
 */
export type Known = {
  readonly known: true
  readonly amount: bigint
  readonly block: BlockRef
  readonly finality: Finality
  readonly source: Source
  readonly knownAt: number
}

/** Why an amount is unknown. An unknown amount is never shown as a number. */
export type UnknownReason =
  | 'outside_coverage'
  | 'opening_unknown'
  | 'token_does_not_answer'
  /** The contract has code, but no function that returns a balance. */
  | 'no_balance_function'
  /** There is no contract. */
  | 'not_a_token'
  | 'node_unavailable'
  | 'no_archive'
  | 'not_supported'

const NODE_FAILURES: ReadonlySet<string> = new Set<UnknownReason>(['node_unavailable', 'no_archive'])

/** True for a reason that concerns a node and not the token: another node, or a later try, may report the amount. */
export function isNodeFailure(reason: string): boolean {
  return NODE_FAILURES.has(reason)
}

/** A balance that is not known, with the reason. */
export type Unknown = { readonly known: false; readonly reason: UnknownReason }

/** The balance of an (account, asset, item), known or unknown. */
export type Balance = Known | Unknown

/** True if the balance is unknown only because a node failed. */
export function isNodeUnknown(balance: Balance): boolean {
  return !balance.known && isNodeFailure(balance.reason)
}

/** True if no balance is known, and at least one is unknown because a node failed: an empty list would be a guess. */
export function isNoneKnown(balances: readonly Balance[]): boolean {
  return balances.every(({ known }) => !known) && balances.some(isNodeUnknown)
}

/**
 * Identifies a balance. `account` and `asset` are canonical; `item` is '' for fungible assets and for a contract's
 * roll-up.
 */
export type BalanceKey = { readonly account: string; readonly asset: AssetRef; readonly item: string }

/** The name of a balance in maps: equal for equal keys, and for no others of the same chain. */
export function balanceName({ account, asset, item }: BalanceKey): string {
  return `${account}/${assetKey(asset)}/${item}`
}

/**
 * True if the chain has a call for this balance. A collection may have none for its roll-up row: the sum of an ERC-1155's
 * items. `item`: as in a key, or as its stored bytes.
 */
export function isReadable(key: { readonly asset: AssetRef; readonly item: { readonly length: number } }): boolean {
  return key.item.length > 0 || STANDARD_RULES[key.asset.standard].hasReadableSum
}

/** A read of the chain: the amount at a block, and when (Unix seconds) we asked. */
export type Observation = BalanceKey & {
  readonly amount: bigint
  readonly block: BlockRef
  readonly observedAt: number
}
