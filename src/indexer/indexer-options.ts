import type { ChainAdapter } from '../chains/adapter.ts'
import type { BalanceKey } from '../core/balance.ts'
import type { Header } from '../core/block.ts'
import type { Batch } from '../core/transfer.ts'
import type { ChainState, Heartbeat } from '../store/seam/heartbeat.ts'
import type { ObservationStore } from '../store/seam/observations.ts'
import type { Journal } from '../store/seam/store.ts'
import type { Adopted } from './adopt-observations.ts'
import type { Fetched } from './backfill.ts'

/** What an indexer reports of its progress. Counters are since its start. */
export type IndexerReport = {
  readonly state: ChainState
  readonly written: number | undefined
  readonly head: number | undefined
  readonly transfers: number
  /** During a backfill: what was fetched, committed or not. */
  readonly fetched?: Fetched
}

/** What an indexer of one chain needs. */
export type IndexerOptions = {
  readonly adapter: ChainAdapter
  readonly journal: Journal
  readonly observations: ObservationStore
  /** The accounts that are to be followed, if the journal's scope is `accounts`. Undefined: they stay as they are. */
  readonly wanted?: () => Promise<readonly string[]>
  /** True: the gap below the finalized head is asked for in one range. */
  readonly wholeRanges?: boolean | undefined
  /** Receives what is committed, to check it beside the indexing. */
  readonly audit?: AuditFeed
  /** Monotonic milliseconds. */
  readonly now: () => number
  /** Unix seconds. */
  readonly time: () => number
  readonly log: (level: 'info' | 'warn' | 'error', message: string, fields: Readonly<Record<string, unknown>>) => void
  readonly report: (report: IndexerReport) => void
  /** Called with each heartbeat before it is stored, so that it is known even if the store cannot be written. */
  readonly onBeat?: (beat: Heartbeat) => void
  /** The adapter's own counters, for metrics. */
  readonly counts: () => Readonly<Record<string, number>>
}

/** What an indexer passes to its audit. Every call must be quick: the indexer waits for it. */
export type AuditFeed = {
  /** Blocks were committed. `hinted`: balances that may have changed other than by the blocks' transfers. */
  readonly committed: (batch: Batch, hinted: readonly BalanceKey[]) => void
  /** The committed blocks reach the node's head. */
  readonly reached: (head: Header) => void
  /** Stored observations were compared with the journal. */
  readonly adopted: (adopted: readonly Adopted[]) => void
  /** Some balances are to be compared soon: their history was stored just now. */
  readonly compare: (keys: readonly BalanceKey[]) => void
  /** Counters for metrics and `/health`. */
  readonly counts: () => Readonly<Record<string, number>>
  /** Why the last round failed; undefined if it succeeded. */
  readonly error: () => string | undefined
}
