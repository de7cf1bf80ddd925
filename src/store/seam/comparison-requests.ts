import type { BalanceKey } from '../../core/balance.ts'
import type { ChainId } from '../../core/chain.ts'

/** Most requests that are kept for one chain: beyond that, new ones are dropped. The audit finds the rest by itself. */
export const MAX_COMPARISON_REQUESTS = 1_000

/** Balances that a process which answers wants the audit to compare soon. The chain's indexer takes them. */
export interface ComparisonRequests {
  /** Requests a comparison. A repeated request changes nothing. @throws STORE_UNAVAILABLE, STORE_FULL */
  add(chain: ChainId, key: BalanceKey): Promise<void>
  /** Returns the requests of a chain, oldest first, and forgets them. @throws STORE_UNAVAILABLE, STORE_FULL */
  take(chain: ChainId): Promise<readonly BalanceKey[]>
}
