import type { BlockRef } from '../../core/block.ts'
import type { ChainId } from '../../core/chain.ts'
import type { Heartbeat } from './heartbeat.ts'

/** A head that a node reported, and when it was first reported, in Unix seconds. */
export type NamedHead = BlockRef & { readonly at: number }

/** What a node refuses or does wrong while the chain goes on. `node`: scheme and host. `at`: last reported, Unix seconds. */
export type NodeWarning = { readonly node: string; readonly says: string; readonly at: number }

/** What an indexer process says about a chain, for processes that answer. */
export type IndexerReport = {
  /** When it was written, in Unix milliseconds. A running process writes one every second. */
  readonly at: number
  /** The indexer ended in order, and no other has begun. */
  readonly hasEnded: boolean
  /** Why it does not run: for good, or until it is started again. `code` undefined: a bug. */
  readonly stopped: { readonly code: string | undefined; readonly error: string } | undefined
  /** Its newest heartbeat, and when it came, in Unix seconds. The one in the chain's own file may be older. */
  readonly beat: (Heartbeat & { readonly at: number }) | undefined
  /** The last heads that nodes reported, the newest last. */
  readonly heads: readonly NamedHead[]
  /** What it has waited for longer than some seconds, and since when, in Unix milliseconds. */
  readonly wait: { readonly for: string; readonly since: number } | undefined
  /** The last warnings about nodes. */
  readonly nodeWarnings: readonly NodeWarning[]
}

/** A report, and whose it is. */
export type ReportOfChain = {
  readonly chain: ChainId
  /** The process that writes it: any text that no other process has. */
  readonly writer: string
  /** The process has the lease of the chain. */
  readonly hasLease: boolean
  readonly report: IndexerReport
}

/**
 * The last report of each chain. It is written by one process and read by many. Nothing of it is needed after a restart: a
 * lost report is replaced within a second.
 */
export interface IndexerReports {
  /**
   * Writes the report of a chain. Only a writer with the lease replaces the recent report of another writer that had it.
   * @throws STORE_UNAVAILABLE, STORE_FULL
   */
  put(report: ReportOfChain): Promise<void>
  /** The last report of each chain that has one: the same object until one changes. @throws STORE_UNAVAILABLE */
  all(): Promise<ReadonlyMap<ChainId, IndexerReport>>
}

/** A report of another process that is older than this, in milliseconds, is taken for that of a dead one. */
export const REPORT_STALE_MS = 10_000
