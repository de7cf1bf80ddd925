/** A limit of calls: its name, its window in seconds, and the most keys that are counted at once. */
export type CountedPolicy = { readonly name: string; readonly seconds: number; readonly maxKeys: number }

/** The calls of a key in its window. `endsAt`: when the window ends, in Unix milliseconds. */
export type CallCount = { readonly count: number; readonly endsAt: number }

/** Calls by key in fixed windows, counted once over all processes of a store. */
export interface CallCounts {
  /**
   * Counts a call of a key at a time, in Unix milliseconds. A window begins with the first call of a key. Above `maxKeys` the
   * keys whose windows end first are forgotten.
   * @throws STORE_UNAVAILABLE, STORE_FULL
   */
  add(policy: CountedPolicy, key: string, now: number): Promise<CallCount>
}
