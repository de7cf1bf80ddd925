import type { Accounting, AssetRef } from '../../core/asset.ts'
import type { BalanceKey, Observation } from '../../core/balance.ts'
import type { BlockRef } from '../../core/block.ts'

/**
 * A stored position. `amount` undefined: the sum of its changes is known but its opening is not, or it is `inDoubt`.
 * `inDoubt`: the audit found that the chain has another amount, and that is not resolved yet.
 */
export type Position = BalanceKey & {
  readonly amount: bigint | undefined
  readonly accounting: Accounting
  readonly inDoubt: boolean
}

/** One page of a walk over positions, in the order of the store's keys. */
export type PositionQuery = {
  /**
   * The last key of the previous page, or a share of all accounts' keys, from 0 to below 1. `{ share: 0 }` is the
   * beginning.
   */
  readonly after: BalanceKey | { readonly share: number }
  /** Positions as of this block of ours. */
  readonly at: BlockRef
  /** Only this account's. */
  readonly account?: string | undefined
  /** Only these assets'. */
  readonly assets?: readonly AssetRef[] | undefined
  /** Most rows to scan, including rows that do not match. */
  readonly limit: number
}

/** One page of positions. Positions first changed after the block are left out, or unknown. */
export type PositionPage = {
  /** False if a rollback removed the block. The rows then belong to no branch: walk again at another block. */
  readonly holds: boolean
  readonly rows: readonly Position[]
  /** The key where the next page begins; undefined: this was the last page. */
  readonly next: BalanceKey | undefined
  /** The share of all accounts' keys that is already walked, from 0 to 1. */
  readonly share: number
}

/** One page of a walk over observations, in the order of the store's keys. */
export type ObservationQuery = {
  /** The last key of the previous page, or a share of all accounts' keys. `{ share: 0 }` is the beginning. */
  readonly after: BalanceKey | { readonly share: number }
  readonly account?: string | undefined
  readonly assets?: readonly AssetRef[] | undefined
  /** Most rows to scan. */
  readonly limit: number
}

/** A page of observations, and where the next one begins. */
export type ObservationPage = {
  readonly rows: readonly Observation[]
  /** The key where the next page begins; undefined: this was the last page. */
  readonly next: BalanceKey | undefined
}
