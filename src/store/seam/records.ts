import type { FollowRequests } from './followed.ts'
import type { KeyStore } from './keys.ts'
import type { LedgerRecords } from './ledger-store.ts'
import type { PriceStore } from './prices.ts'
import type { SessionStore, UserStore } from './users.ts'

/**
 * What no node tells, so that it cannot be read again: issuers' ledgers, who may do what, who is to be followed, and past prices. Every method is
 * one whole transaction or one snapshot, and may throw STORE_UNAVAILABLE.
 */
export interface Records {
  readonly keys: KeyStore
  readonly users: UserStore
  readonly sessions: SessionStore
  readonly prices: PriceStore
  readonly followRequests: FollowRequests
  readonly ledgers: LedgerRecords
  /**
   * All rows as sorted lines of text, in one snapshot and in memory. Stores of any engine with the same rows give the
   * same lines.
   */
  dump(): Promise<readonly string[]>
  close(): Promise<void>
}
