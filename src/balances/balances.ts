import type { Accounting, AssetRef, Standard } from '../core/asset.ts'
import type { Balance, BalanceKey } from '../core/balance.ts'
import type { ChainId } from '../core/chain.ts'
import type { StoredTransfer } from '../store/seam/store.ts'
import type { AsOf } from './as-of.ts'

/** How fresh an answer must be. `stored`: what we have, read only where nothing is known. */
export type Freshness =
  | { readonly mode: 'stored' }
  | { readonly mode: 'max_age'; readonly seconds: number }
  | { readonly mode: 'force' }

/** A balance of an asset, in a list. */
export type AssetBalance = { readonly asset: AssetRef; readonly balance: Balance }

/** `wasDestroyed`: its contract lost its code at least once, so what it once said of itself may be another contract's. */
export type KnownAsset = { readonly accounting: Accounting; readonly wasDestroyed: boolean }

/** `partial`: true answers a list of a chain that has never caught up, whatever the configuration says. */
type MayBePartial = { readonly partial?: boolean }

/**
 * What every dialect asks: the read side of all chains. A list that the configured scope leaves without knowledge is an
 * error, never empty. All rows of a list are of one block unless its `asOf` says otherwise; `asOf` is undefined where
 * no block is known. `count`: all rows before paging. @throws CHAIN_UNSUPPORTED for a chain that is not configured
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
   * The newest block that the chain is known to have; a node is asked only where what we know is below `atLeast`.
   * Undefined where no node ever named a block.
   */
  newestBlock(request: { readonly chain: ChainId; readonly atLeast: number }): Promise<number | undefined>
  /**
   * A page of what an account holds, in the order in which it first met each asset.
   * @throws UNAVAILABLE no assets are listed, and the account is outside the scope or the chain has never caught up
   * @throws BAD_REQUEST no assets are listed, and the account stands for nobody
   */
  account(
    request: MayBePartial & {
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
    },
  ): Promise<{ readonly rows: readonly AssetBalance[]; readonly count: number; readonly asOf: AsOf | undefined }>
  /**
   * Positive balances of an asset, greatest first. Of one whose balances are known by reads, order and count are by the
   * newest amounts known, and the page's accounts are read at the answer's block.
   * @throws UNAVAILABLE the scope does not cover all accounts of the asset, the chain has never caught up, or no node
   *   could be asked
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
  /** How an asset is known; undefined where it was never indexed. */
  known(request: { readonly chain: ChainId; readonly asset: AssetRef }): Promise<KnownAsset | undefined>
  /**
   * Transfers of an asset, newest first.
   * @throws UNAVAILABLE the scope does not cover the asset, or without `account` not all accounts of it, or the chain
   *   has never caught up; BAD_REQUEST the account stands for nobody
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
