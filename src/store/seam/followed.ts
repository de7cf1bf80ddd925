import type { ChainId } from '../../core/chain.ts'
import type { AccountHistory, FollowedAccount, HistoryStored } from '../../journal/followed-account.ts'

export type { AccountHistory, AskedCoins, FollowedAccount, HistoryStored } from '../../journal/followed-account.ts'

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
