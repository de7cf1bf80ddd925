import type { ChainAdapter } from '../chains/adapter.ts'
import type { BalanceKey } from '../core/balance.ts'
import type { Header } from '../core/block.ts'
import type { Batch } from '../core/transfer.ts'
import type { ChainState, Heartbeat } from '../store/seam/heartbeat.ts'
import type { ObservationStore } from '../store/seam/observations.ts'
import type { Journal } from '../store/seam/store.ts'
import type { Adopted } from './adopt-observations.ts'
import type { Fetched } from './backfill.ts'
import type { RangeSize } from './range-size.ts'

/** What an indexer reports of its progress. Counters are since its start. */
export type IndexerReport = {
  readonly state: ChainState
  readonly written: number | undefined
  readonly head: number | undefined
  readonly transfers: number
} & LoadProgress

/** How far a backfill is, beyond what is written. */
export type LoadProgress = {
  /** What was fetched, committed or not. */
  readonly fetched?: Fetched
  /** Of a bulk load: the last stored block that was copied, before anything is fetched. */
  readonly copied?: number
  /** Of a bulk load: all was fetched, and the last part is being built. */
  readonly isFetched?: boolean
}

/** Loads old blocks in bulk. */
export type BulkLoader = {
  /** True if it loads these blocks, which follow the last written one: that costs less than to append them. */
  readonly isFor: (gap: {
    readonly first: number
    readonly last: number
    readonly written: Header | undefined
  }) => Promise<boolean>
  /** Loads a range, and makes blocks readable part by part. A later call goes on after an error. */
  readonly load: (range: BulkRange, signal: AbortSignal) => Promise<void>
  /** Removes what an earlier load left that is of no use. */
  readonly drop: () => Promise<void>
}

/** A range that is loaded in bulk: of final blocks, from `first` to `last`, and of those up to `head` if they are few. */
export type BulkRange = {
  readonly first: number
  readonly last: number
  readonly head: Header
  readonly start?: RangeSize
  /** What is stored was copied up to this block. */
  readonly onCopied: (block: number) => void
  readonly onFetched: (fetched: Fetched) => void
  /** Blocks up to this one are stored now, with so many more transfers than before the load. */
  readonly onPublished: (through: Header, transfers: number) => Promise<void>
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
  /** Loads the old blocks of a new chain. Undefined: they are appended. */
  readonly bulk?: BulkLoader | undefined
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
