import type { Accounting, AssetRef } from '../../core/asset.ts'
import type { BalanceKey, Observation } from '../../core/balance.ts'
import type { BlockRef } from '../../core/block.ts'

/**
 * A stored position. `amount` undefined: the sum of its changes is known, but not what it began with, or it is `inDoubt`:
 * the audit found that the chain says otherwise and has not settled that yet.
 */
export type Position = BalanceKey & {
  readonly amount: bigint | undefined
  readonly accounting: Accounting
  readonly inDoubt: boolean
}

/** One step of a walk over positions, in the order of the store's keys. */
export type PositionQuery = {
  /** Where the last page ended, or a share of all accounts' keys, from 0 to below 1: `{ share: 0 }` is the beginning. */
  readonly after: BalanceKey | { readonly share: number }
  /** Positions as they were at this block of ours. */
  readonly at: BlockRef
  /** Only this account's. */
  readonly account?: string | undefined
  /** Only these assets'. */
  readonly assets?: readonly AssetRef[] | undefined
  /** Rows looked at, at most; the ones that are not asked for are among them. */
  readonly limit: number
}

/** Positions of one step. Those first touched after the block are left out, or unknown. */
export type PositionPage = {
  /** False: a rollback took the block back, and the rows are of no branch; walk again at another block. */
  readonly holds: boolean
  readonly rows: readonly Position[]
  /** Where the next page begins; undefined: this was the last. */
  readonly next: BalanceKey | undefined
  /** The part of all accounts' keys that lies behind, from 0 to 1. */
  readonly share: number
}

/** One step of a walk over observations, in the order of the store's keys. */
export type ObservationQuery = {
  /** The key at which the last page ended, or a share of all accounts' keys: `{ share: 0 }` is the beginning. */
  readonly after: BalanceKey | { readonly share: number }
  readonly account?: string | undefined
  readonly assets?: readonly AssetRef[] | undefined
  /** Rows looked at, at most. */
  readonly limit: number
}

export type ObservationPage = {
  readonly rows: readonly Observation[]
  /** Where the next page begins; undefined: this was the last. */
  readonly next: BalanceKey | undefined
}
