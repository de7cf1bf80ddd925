import type { Soon } from '../../../core/soon.ts'
import type { Query } from '../query.ts'

/** How an engine runs queries about custody. @throws STORE_UNAVAILABLE and similar codes */
export interface CustodyEngine {
  /** Runs reads as one snapshot. */
  read<T>(work: () => Query<T>): Soon<T>
  /** Runs reads and writes as one transaction, after all that were committed before. Rows get numbers in that order. */
  write<T>(work: () => Query<T>): Soon<T>
}
