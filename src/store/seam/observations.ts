import type { AssetRef } from '../../core/asset.ts'
import type { BalanceKey, Observation } from '../../core/balance.ts'
import type { Soon } from '../../core/soon.ts'
import type { ObservationPage, ObservationQuery } from './positions.ts'

/** The newest chain read of each key. Any process may write at any time. */
export interface ObservationStore {
  put(observations: readonly Observation[]): Promise<void>
  get(keys: readonly BalanceKey[]): Promise<readonly (Observation | undefined)[]>
  /** The highest block that any observation is of; undefined if there is none. */
  newestBlock(): Soon<number | undefined>
  /** Assets, except the native one, with a positive amount when the account was last read; at most some hundred. */
  heldBy(account: string): Soon<readonly AssetRef[]>
  /** All observations, page by page. */
  walk(query: ObservationQuery): Promise<ObservationPage>
  /** Deletes the observations above a block. A rollback calls it first, so that a crash in between loses only reads. */
  dropAbove(block: number): Promise<void>
  /** Up to `limit` observations of blocks up to `through` that the journal has not compared yet. */
  uncompared(query: { readonly through: number; readonly limit: number }): Promise<readonly Observation[]>
  /** Marks all observations of these accounts as not compared, because the journal has amounts of its own for them now. */
  compareAgain(accounts: readonly string[]): Promise<void>
  /** Marks exactly these observations as compared, or deletes them if their block is not canonical. */
  markCompared(compared: readonly { readonly observation: Observation; readonly keep: boolean }[]): Promise<void>
}

/**
 * Holders of assets that are known by reads. Each account counts with its newest known amount: a read, or else a sum of
 * events.
 */
export interface HoldingReads {
  /** Positive amounts, greatest first, ties by account. Cost: the rows up to the page's end. */
  page(query: { readonly asset: AssetRef; readonly offset: number; readonly limit: number }): Promise<{
    readonly count: number
    readonly rows: readonly { readonly account: string; readonly amount: bigint }[]
  }>
  /** All accounts named by an event or a read of the asset; undefined if there may be more than `limit`. */
  accounts(asset: AssetRef, limit: number): Promise<readonly string[] | undefined>
}

/**
 * Whether a block is canonical. `other`: the journal has another block at that number. `unnamed`: the journal has no
 * hash for that number, or no longer. `childAt`: the time in Unix seconds of the child block, or, if we do not
 * store the child, of the nearest stored block below it; undefined if none is stored.
 */
export type BlockStatus = { readonly branch: 'ours' | 'other' | 'unnamed'; readonly childAt: number | undefined }
