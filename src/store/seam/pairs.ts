import type { AssetRef } from '../../core/asset.ts'
import type { BalanceKey, Observation } from '../../core/balance.ts'
import type { BlockRef } from '../../core/block.ts'
import type { StoredTransfer } from './chain-clock.ts'

/**
 * What the journal knows of a position after a block. `atBlock`: the amount at the end of that block; undefined if it is not
 * proven. `least`: the least amount after any later change, which may be below 0 within a block; undefined if there is no later
 * change, or if these amounts are not proven. `changedAt`: the time of the block of the last change, in Unix seconds; undefined
 * without a change.
 */
export type PairSince = {
  readonly atBlock: bigint | undefined
  readonly least: bigint | undefined
  readonly changedAt: number | undefined
}

/** The place of a transfer on its chain. */
export type TransferPlace = { readonly block: number; readonly event: number; readonly part: number }

/** Reads of the journal for lists of pairs of account and asset, each as of one snapshot. */
export interface PairReads {
  /** Positions since a block, in the order of the keys. All zero for a pair without a row. */
  since(keys: readonly BalanceKey[], block: number): Promise<readonly PairSince[]>
  /**
   * The pairs of accounts and fungible assets that transfers of the blocks above `after` up to `through` name, each at least
   * once. Undefined if there are more than `limit` such transfers.
   */
  met(query: {
    readonly after: number
    readonly through: number
    readonly limit: number
  }): Promise<readonly { readonly account: string; readonly asset: AssetRef }[] | undefined>
  /** Transfers of a pair in the order of the chain: after a place, or the last ones before it (descending). */
  transfers(
    query: { readonly account: string; readonly asset: AssetRef; readonly limit: number } & (
      | { readonly after: TransferPlace | undefined }
      | { readonly before: TransferPlace | undefined }
    ),
  ): Promise<readonly StoredTransfer[]>
}

/**
 * What reads of the chain say of a balance since a block. `least`: the least amount of the newest read at or below the block and
 * all later ones; undefined without a read at or below it. `changedAt`: when a read first returned the newest amount.
 */
export type ReadSince = { readonly least: bigint | undefined; readonly changedAt: number | undefined }

/** Reads of balances that only reads tell, over the blocks that are not final yet. Any process may write at any time. */
export interface ReadTrail {
  /**
   * Adds reads, and forgets those that are not needed to know the amounts since `finalized`. A read that returns the amount of
   * the read before it is not stored.
   */
  add(reads: readonly Observation[], finalized: BlockRef): Promise<void>
  /** What the reads say of balances since a block, in the order of the keys. */
  since(keys: readonly BalanceKey[], block: number): Promise<readonly ReadSince[]>
}
