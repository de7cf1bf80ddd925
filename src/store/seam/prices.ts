/** A price as the source named it: plain decimal text of US dollars for one whole token. `at`: Unix seconds. */
export type StoredPrice = { readonly at: number; readonly price: string }

/** A price of an asset, by its CAIP-19 text. */
export type PriceOfAsset = StoredPrice & { readonly asset: string }

/** Least seconds between two stored prices of an asset. Closer prices differ little and would fill the disk. */
export const PRICE_STEP_SECONDS = 600
/** How long prices are kept, in seconds: 400 days, so that a year ago can always be answered. */
export const PRICE_HORIZON_SECONDS = 400 * 86_400

/** The history of prices. Assets are CAIP-19 texts, times are Unix seconds. */
export interface PriceStore {
  /**
   * Stores prices, except those that are less than `PRICE_STEP_SECONDS` from a stored one of the same asset. Deletes
   * some of the prices that are older than `PRICE_HORIZON_SECONDS` at `now`: each call does a bounded part of it.
   */
  put(prices: readonly PriceOfAsset[], now: number): Promise<void>
  /** The newest price at or before `time`; undefined if there is none. */
  at(asset: string, time: number): Promise<StoredPrice | undefined>
  /** The newest price of each asset, of the `limit` assets with the newest ones. */
  latest(limit: number): Promise<readonly PriceOfAsset[]>
}
