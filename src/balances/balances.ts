import type { Accounting, AssetRef, Standard } from '../core/asset.ts'
import type { Balance, BalanceKey } from '../core/balance.ts'
import type { BlockRef } from '../core/block.ts'
import type { ChainId } from '../core/chain.ts'
import type { StoredTransfer } from '../store/store.ts'

/** How fresh an answer must be. `stored`: what we have, read only where nothing is known. */
export type Freshness =
  | { readonly mode: 'stored' }
  | { readonly mode: 'max_age'; readonly seconds: number }
  | { readonly mode: 'force' }

/** A balance of an asset, in a list. */
export type AssetBalance = { readonly asset: AssetRef; readonly balance: Balance }

/**
 * What every dialect asks: the read side of all chains. A list that the configured scope leaves without knowledge is an
 * error, never empty. @throws CHAIN_UNSUPPORTED for a chain that is not configured
 */
export interface Balances {
  /** Balances in the order of the keys, all of one chain; `asOf` is a block number. */
  get(request: {
    readonly chain: ChainId
    readonly keys: readonly BalanceKey[]
    readonly freshness: Freshness
    readonly asOf?: number
  }): Promise<readonly Balance[]>
  /**
   * A page of what an account holds, in the order in which it first met each asset. `count`: all rows before paging.
   * @throws UNAVAILABLE the account is outside the scope, or stands for nobody, and no assets are listed
   */
  account(request: {
    readonly chain: ChainId
    readonly account: string
    readonly standards: readonly Standard[]
    readonly receivedOnly: boolean
    /** Only these, where given. */
    readonly assets?: readonly AssetRef[]
    readonly freshness: Freshness
    /** As of this block: what the account had met by then, with the amounts at its end; freshness is then no matter. */
    readonly asOf?: number
    readonly offset: number
    readonly limit: number
  }): Promise<{ readonly rows: readonly AssetBalance[]; readonly count: number; readonly asOf: BlockRef | undefined }>
  /**
   * Positive balances of an asset, greatest first. Of one whose balances are only known by reading, the page's accounts
   * are read again before it is answered: those that turn out empty or unknown are left out, and the order holds within
   * the page.
   * @throws UNAVAILABLE the scope does not cover all accounts of the asset, or none of the page's could be read
   */
  holders(request: {
    readonly chain: ChainId
    readonly asset: AssetRef
    readonly offset: number
    readonly limit: number
  }): Promise<{
    readonly rows: readonly { readonly account: string; readonly amount: bigint }[]
    readonly count: number
    readonly asOf: Balance
  }>
  /** How an asset's balances are known; undefined where it was never indexed. */
  accounting(request: { readonly chain: ChainId; readonly asset: AssetRef }): Promise<Accounting | undefined>
  /**
   * Transfers of an asset, newest first.
   * @throws UNAVAILABLE the scope does not cover the asset, or without `account` not all accounts of it
   */
  transfers(request: {
    readonly chain: ChainId
    readonly asset: AssetRef
    readonly account?: string
    readonly fromBlock?: number
    readonly toBlock?: number
    readonly fromTimestamp?: number
    readonly toTimestamp?: number
    readonly offset: number
    readonly limit: number
  }): Promise<{ readonly rows: readonly StoredTransfer[]; readonly count: number; readonly asOf: Balance }>
}
