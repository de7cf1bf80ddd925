import type { Soon } from '../../core/soon.ts'
import type { Query } from '../queries/query.ts'

/** How an engine runs queries about a group of its tables. @throws STORE_UNAVAILABLE and similar codes */
export interface TableEngine {
  /**
   * Runs reads as one snapshot; perhaps twice, so they remember nothing before their end. `state`: the same number as long as no
   * row changes; undefined if the engine cannot tell without a read.
   */
  read<T>(work: (state: number | undefined) => Query<T>): Soon<T>
  /** Runs reads and writes as one transaction. What it reads is committed, and stays so until it ends only with `TURN` or `ALONE`. */
  write<T>(work: () => Query<T>): Soon<T>
}
