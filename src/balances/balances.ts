import type { HeldCoin } from '../chains/account-reader.ts'
import type { Accounting, AssetRef } from '../core/asset.ts'
import type { Balance, BalanceKey } from '../core/balance.ts'
import type { ChainId } from '../core/chain.ts'
import type { Soon } from '../core/soon.ts'
import type { Standard } from '../core/standards.ts'
import type { StoredTransfer } from '../store/seam/chain-clock.ts'
import type { AsOf } from './as-of.ts'

/**
 * How fresh an answer must be. `stored`: what we have; the chain is read only if the journal does not know the amount.
 * `strict`: a balance whose forced read failed is unknown with the reason. Otherwise it is the stored one.
 */
export type Freshness =
  | { readonly mode: 'stored' }
  | { readonly mode: 'max_age'; readonly seconds: number }
  | { readonly mode: 'force'; readonly strict?: true }

/** A balance of an asset, in a list. */
export type AssetBalance = { readonly asset: AssetRef; readonly balance: Balance }

/**
 * `wasDestroyed`: the contract lost its code at least once, so facts that were read before may be another contract's.
 */
export type KnownAsset = { readonly accounting: Accounting; readonly wasDestroyed: boolean }

/** `partial`: true answers lists of a chain that has never caught up, whatever the configuration is. */
type MayBePartial = { readonly partial?: boolean }

/**
 * The read side of all chains, used by every dialect. A list that the configured scope does not cover is an error,
 * never empty. All rows of a list are of one block, unless its `asOf` reports otherwise. `asOf` is undefined if no
 * block is known. `count`: all rows before paging.
 * @throws CHAIN_UNSUPPORTED for a chain that is not configured
 */
export interface Balances {
  /** Returns balances in the order of the keys, all of one chain. `asOf` is a block number. */
  get(request: {
    readonly chain: ChainId
    readonly keys: readonly BalanceKey[]
    readonly freshness: Freshness
    readonly asOf?: number
  }): Soon<readonly Balance[]>
  /**
   * Returns the number of the newest known block of the chain. Asks a node only if the known one is below `atLeast`.
   * Undefined if no node ever returned a block.
   */
  newestBlock(request: { readonly chain: ChainId; readonly atLeast: number }): Promise<number | undefined>
  /**
   * Returns a page of an account's assets, ordered by the account's first transfer of each.
   * @throws UNAVAILABLE `assets` is not given, and the account is outside the scope or the chain has never caught up
   * @throws UNAVAILABLE no balance is known because nodes failed, unless `unknownRows` is true
   * @throws BALANCE_UNKNOWN the account is not followed, no node returns its coins, and nothing is stored of it
   * @throws BAD_REQUEST `assets` is not given, and the account is the zero address
   */
  account(
    request: MayBePartial & {
      readonly chain: ChainId
      readonly account: string
      readonly standards: readonly Standard[]
      readonly receivedOnly: boolean
      /** Only these assets, if given. */
      readonly assets?: readonly AssetRef[]
      readonly freshness: Freshness
      /** True: if no node answers, return the rows with unknown balances instead of an error. */
      readonly unknownRows?: boolean
      /**
       * As of this block: the assets that the account had transfers of by then, with the amounts at its end. Freshness
       * is then ignored.
       */
      readonly asOf?: number
      readonly offset: number
      readonly limit: number
    },
  ): Soon<{ readonly rows: readonly AssetBalance[]; readonly count: number; readonly asOf: AsOf | undefined }>
  /**
   * Returns the positive balances of an asset, greatest first. For an asset known by reads, order and count follow the
   * newest known amounts, and the page's accounts are read at the answer's block.
   * @throws UNAVAILABLE the scope does not cover all accounts of the asset, the chain has never caught up, or no node
   * could be asked
   */
  holders(
    request: MayBePartial & {
      readonly chain: ChainId
      readonly asset: AssetRef
      readonly offset: number
      readonly limit: number
    },
  ): Promise<{
    readonly rows: readonly { readonly account: string; readonly amount: bigint }[]
    readonly count: number
    readonly asOf: AsOf | undefined
  }>
  /**
   * Returns the unspent coins of an account, of its tokens or of the native asset, read from a node at its newest block.
   * `asOf.complete` is false if tokens may be missing, because nodes cut the list by which unknown ones are found.
   * @throws BALANCE_UNKNOWN no node returns them; UNAVAILABLE the chain's balances are no sums of coins
   */
  coins(request: {
    readonly chain: ChainId
    readonly account: string
    readonly of: 'tokens' | 'native'
  }): Promise<{ readonly coins: readonly HeldCoin[]; readonly asOf: AsOf }>
  /** Returns how an asset is known; undefined if it was never indexed. */
  known(request: { readonly chain: ChainId; readonly asset: AssetRef }): Promise<KnownAsset | undefined>
  /** Returns the assets that a contract was indexed as: several if it emits events of several standards. */
  assetsOf(request: { readonly chain: ChainId; readonly reference: string }): Soon<readonly AssetRef[]>
  /**
   * Returns the transfers of an asset, newest first.
   * @throws UNAVAILABLE the scope does not cover the asset, or without `account` not all accounts of it, or the chain
   * has never caught up; BAD_REQUEST the account is the zero address
   */
  transfers(
    request: MayBePartial & {
      readonly chain: ChainId
      readonly asset: AssetRef
      readonly account?: string
      readonly fromBlock?: number
      readonly toBlock?: number
      readonly fromTimestamp?: number
      readonly toTimestamp?: number
      readonly offset: number
      readonly limit: number
    },
  ): Promise<{ readonly rows: readonly StoredTransfer[]; readonly count: number; readonly asOf: AsOf | undefined }>
}
