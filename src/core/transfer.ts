import type { AssetRef } from './asset.ts'
import type { BlockRef, Header } from './block.ts'

/**
 * One transfer, from the chain's events. `from` undefined is a mint, `to` undefined a burn. `event` is the event's
 * position in its block, `part` the index within an event that moves several items. Together with the block they
 * order all transfers of a chain and identify each one.
 */
export type Transfer = {
  readonly event: number
  readonly part: number
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
 * An event after which an account's balance of a token may have changed, though no sure transfer could be decoded.
 * `undecodable`: a transfer with parameters that cannot be told apart, so the token's events do not give its balances.
 * `moved`: a deposit or withdrawal that no transfer explains, or a transfer of a contract that may have items: the balance
 * must be compared. It matters only once the contract is known to be a token.
 */
export type Hint = {
  readonly asset: AssetRef
  readonly account: string
  readonly reason: 'undecodable' | 'moved'
  /** Decimal text of the item's id; undefined if the event names none, or for a fungible asset. */
  readonly item?: string
}

/** A block's transfers in order. `parentHash` is known if the block's header was read. `timestamp`: Unix seconds. */
export type BlockTransfers = BlockRef & {
  readonly parentHash: string | undefined
  readonly timestamp: number
  readonly transfers: readonly Transfer[]
  /** Absent if there are none. Each pair of account and asset appears at most once for each reason and item. */
  readonly hints?: readonly Hint[]
}

/**
 * Complete, consecutive blocks from `first` to `through`. `blocks` has every block of the range with transfers, in
 * order. `headers` has the linked headers of all blocks of the range above the finalized head; it is empty in backfill.
 */
export type Batch = {
  readonly first: number
  readonly through: Header
  readonly blocks: readonly BlockTransfers[]
  readonly headers: readonly Header[]
}
