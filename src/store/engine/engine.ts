import type { StoreOptions } from '../seam/store-options.ts'
import type { StorePart } from '../seam/store-parts.ts'
import type { HeldTables, Hold } from './held-tables.ts'
import type { StoreEngine } from './store-engine.ts'

/** Which store a URL names. Two URLs of one store have the same `identity`. `place`: for messages, without secrets. `isUsed`: a server is on it. */
export type StoreUse = { readonly identity: string; readonly place: string; readonly isUsed: boolean }

/** An engine of stores. */
export interface Engine {
  /** Of its URLs. */
  readonly scheme: RegExp
  /** @throws STORE_MISSING there is no store, and `create` is false; and others */
  open(options: StoreOptions): Promise<StoreEngine>
  /** Holds a part of a store; undefined if it is not there. @throws STORE_MISSING, LEASE_HELD, STORE_UNAVAILABLE and others */
  hold(url: string, part: StorePart, how: Hold): Promise<HeldTables | undefined>
  /** Looks at a store. Creates nothing. @throws STORE_UNAVAILABLE, CONFIG_INVALID */
  lookAt(url: string): Promise<StoreUse>
  /**
   * Spreads the tables of a part over the servers of a cluster, as far as they are not yet, and makes those that are missing.
   * Returns what was done, in words. Undefined if the engine has no clusters.
   * @throws CONFIG_INVALID the store is in no cluster
   */
  distribute?(url: string, part: StorePart): Promise<readonly string[]>
}
