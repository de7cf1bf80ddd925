import type { BalanceKey } from '../../core/balance.ts'
import type { BlockRef } from '../../core/block.ts'
import type { ChainId } from '../../core/chain.ts'
import type { BlockTransfers } from '../../core/transfer.ts'

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

/** The accounts of a chain with the scope `accounts`: a set that can change while the chain is indexed. */
export interface FollowStore {
  /** All accounts that have rows or will have them. */
  list(): readonly FollowedAccount[]
  /**
   * Stores a part of the history of accounts, in one transaction: adds the missing transfers of these blocks and the
   * balance changes of these accounts, and recomputes what follows from them. An account that was not listed before begins
   * with the first block of the coverage; the parts of its history come in order. Nothing of the account is answered
   * before it is followed. Storing a part twice changes nothing.
   * @throws BLOCK_CONFLICT a block is not ours
   */
  follow(history: AccountHistory): Promise<HistoryStored>
  /**
   * Stops following an account. From now on nothing of it is answered or indexed. Deletes some of its rows, and the
   * transfers between accounts that are not followed; returns false if rows are left for another call.
   */
  unfollow(account: string): Promise<boolean>
}

/** Which accounts are to be followed, beside those of the configuration. Any process may write at any time. */
export interface FollowRequests {
  /**
   * Adds accounts that are not requested yet. `max`: most requested accounts of the chain. Returns how many of the accounts
   * are requested now; the others exceed the limit. `at`: Unix seconds.
   */
  add(request: {
    readonly chain: ChainId
    readonly accounts: readonly string[]
    readonly max: number
    readonly at: number
  }): Promise<number>
  /** Removes requests. Returns how many there were. */
  remove(chain: ChainId, accounts: readonly string[]): Promise<number>
  /** The requested accounts of a chain, oldest first. */
  list(chain: ChainId): Promise<readonly FollowRequest[]>
}

/** An account that was requested, in Unix seconds. */
export type FollowRequest = { readonly account: string; readonly at: number }
