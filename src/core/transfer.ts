import type { AssetRef } from './asset.ts'
import type { BlockRef, Header } from './block.ts'

/**
 * One movement, as the chain's events say it. `from` undefined is a mint, `to` undefined a burn. `logIndex` is the
 * event's place in its block, `batchIndex` the place within an event that moves several items; together with the block
 * they order all transfers of a chain and name one.
 */
export type Transfer = {
  readonly logIndex: number
  readonly batchIndex: number
  readonly asset: AssetRef
  readonly from: string | undefined
  readonly to: string | undefined
  /** Decimal text of the item's id; '' for a fungible asset. */
  readonly item: string
  /** Base units; 1 for an ERC-721 item. */
  readonly amount: bigint
  readonly transactionHash: string
}

/**
 * An event that says that an account's balance of a token may have changed, of which no transfer could be decoded.
 * `undecodable`: the event is a transfer whose parameters can't be told apart, so the token's events don't tell its
 * balances. `moved`: an event of another kind, such as a deposit; only tokens that are known from a transfer are concerned.
 */
export type Hint = {
  readonly asset: AssetRef
  readonly account: string
  readonly reason: 'undecodable' | 'moved'
  /** Decimal text of the item's id, where the event names one; undefined where it does not, or of a fungible asset. */
  readonly item?: string
}

/** A block's transfers in order. `parentHash` is known where the block's header was read. `timestamp`: Unix seconds. */
export type BlockTransfers = BlockRef & {
  readonly parentHash: string | undefined
  readonly timestamp: number
  readonly transfers: readonly Transfer[]
  /** Absent where there are none. Each pair of account and asset stands here once at most for each reason and item. */
  readonly hints?: readonly Hint[]
}

/**
 * Consecutive blocks from `first` to `through`, whole: every block of the range that has transfers is in `blocks`, in
 * order; `headers` are those of the range's blocks above the finalized head (all of them, linked), empty in backfill.
 */
export type Batch = {
  readonly first: number
  readonly through: Header
  readonly blocks: readonly BlockTransfers[]
  readonly headers: readonly Header[]
}
