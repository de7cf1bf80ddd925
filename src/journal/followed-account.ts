import type { BalanceKey } from '../core/balance.ts'
import type { BlockRef } from '../core/block.ts'
import type { BlockTransfers } from '../core/transfer.ts'

/** An account of a chain with the scope `accounts`, as far as its transfers are stored. */
export type FollowedAccount = {
  readonly account: string
  /**
   * The account is followed: all its transfers of the indexed blocks are stored, and its balances are answered from them.
   * False while its history is being fetched, or while its rows are being deleted.
   */
  readonly isFollowed: boolean
  /** The last block with stored transfers of the account, while its history is being fetched. */
  readonly through: number | undefined
  /** The account is no longer followed, and its rows are being deleted. */
  readonly isLeaving: boolean
  /** How many leads of the adapter its history was searched by. */
  readonly leads: number
  /**
   * All transfers up to this block are stored, also those that only a new lead reveals: the coins of the account were asked
   * for then, or the blocks were read whole. Undefined: no coins were asked for, since transfers are found without leads.
   */
  readonly knownThrough: number | undefined
  /** Nodes cut the list of the account's coins, so only whole blocks reveal all its transfers. */
  readonly isCut: boolean
}

/** The transfers of some accounts in the blocks from `first` to `through`. */
export type AccountHistory = {
  readonly accounts: readonly string[]
  readonly first: number
  /** A stored block: at the last written one, the accounts are followed from then on. Undefined if no block is written. */
  readonly through: BlockRef | undefined
  /** The blocks with transfers or hints of these accounts, in order. May include other transfers. */
  readonly blocks: readonly BlockTransfers[]
  /** How many leads the whole history of these accounts was searched by, once this part is stored. */
  readonly leads: number
  /** The coins of the accounts were asked for at the block `through`, and nodes cut the lists of some. */
  readonly asked?: AskedCoins
  /** `blocks` are all transfers of these accounts, read from whole blocks. */
  readonly isWhole?: true
}

/** The block at which nodes were asked for the coins of accounts, and the accounts for which they cut the list. */
export type AskedCoins = { readonly through: number; readonly cut: readonly string[] }

/**
 * The result of storing a history. `touched`: up to a thousand of the followed balances that it added or changed.
 * `accounts`: all followed accounts of which it added or changed any.
 */
export type HistoryStored = {
  readonly inserted: number
  readonly touched: readonly BalanceKey[]
  readonly accounts: readonly string[]
}
