import type { AssetRef } from '../../core/asset.ts'
import type { BalanceKey, Observation } from '../../core/balance.ts'
import type { ObservationPage, ObservationQuery } from './positions.ts'

/** Reads of the chain, the newest of each key. Written by anyone, at any time. */
export interface ObservationStore {
  put(observations: readonly Observation[]): Promise<void>
  get(keys: readonly BalanceKey[]): Promise<readonly (Observation | undefined)[]>
  /** Assets, the native one excepted, of which an account held something when it was last read; at most some hundred. */
  heldBy(account: string): Promise<readonly AssetRef[]>
  /** All observations, page by page. */
  walk(query: ObservationQuery): Promise<ObservationPage>
  /** Drops observations above a block: what a rollback or a lost block asks for. */
  dropAbove(block: number): Promise<void>
  /** Up to `limit` observations of blocks up to `through` that the journal has not judged yet. */
  unjudged(query: { readonly through: number; readonly limit: number }): Promise<readonly Observation[]>
  /** Marks these very observations as judged, or drops them where their block is not canonical. */
  settle(judged: readonly { readonly observation: Observation; readonly keep: boolean }[]): Promise<void>
}

/** Who holds assets that are known by reads: by the newest amount known of each account, a read or else a sum of events. */
export interface HoldingReads {
  /** Positive amounts, greatest first, ties by account. Cost: the rows up to the page's end. */
  page(query: { readonly asset: AssetRef; readonly offset: number; readonly limit: number }): Promise<{
    readonly count: number
    readonly rows: readonly { readonly account: string; readonly amount: bigint }[]
  }>
  /** All accounts that an event or a read of the asset named; undefined where they may be more than `limit`. */
  accounts(asset: AssetRef, limit: number): Promise<readonly string[] | undefined>
}

/**
 * Where a block lies. `other`: the journal holds another one of that number, so it is not canonical. `unnamed`: the journal
 * has no name for that number (any more). `childAt`: when its number's block had a child, or earlier, in Unix seconds;
 * undefined where no block near it is held.
 */
export type BlockPlace = { readonly branch: 'ours' | 'other' | 'unnamed'; readonly childAt: number | undefined }
