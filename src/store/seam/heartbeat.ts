import type { Header } from '../../core/block.ts'

/** What a chain's indexer is doing. `stopped` is permanent until an operator acts. */
export const CHAIN_STATES = ['starting', 'backfill', 'live', 'stopped'] as const
/** What a chain's indexer does. */
export type ChainState = (typeof CHAIN_STATES)[number]

/** What the indexer last saw. Times are Unix seconds. */
export type Heartbeat = {
  readonly state: ChainState
  readonly head: Header | undefined
  /** When our checkpoint was last seen to be the node's head, as of this heartbeat. */
  readonly caughtUpAt: number | undefined
  readonly error: string | undefined
  /** Why the audit's last round failed; undefined if it did not. */
  readonly auditError?: string | undefined
  /** Counters of this indexer for metrics, by metric name. */
  readonly counts: Readonly<Record<string, number>>
}
