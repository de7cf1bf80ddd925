import type { CustodyStore } from './custody.ts'
import type { FollowRequests } from './followed.ts'
import type { KeyStore } from './keys.ts'
import type { PriceStore } from './prices.ts'
import type { SessionStore, UserStore } from './users.ts'

/**
 * What no node tells, so that it cannot be read again: who may do what, what is watched, and past prices. Every method is
 * one whole transaction or one snapshot, and may throw STORE_UNAVAILABLE.
 */
export interface Records {
  readonly keys: KeyStore
  readonly users: UserStore
  readonly sessions: SessionStore
  readonly prices: PriceStore
  readonly followRequests: FollowRequests
  readonly custody: CustodyStore
  close(): Promise<void>
}
