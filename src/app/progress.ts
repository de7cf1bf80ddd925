import type { ChainId } from '../core/chain.ts'
import type { ChainState } from '../store/seam/heartbeat.ts'

/** How far the indexer of one chain is, for display. Block numbers are inclusive. */
export type Progress = {
  readonly chain: ChainId
  readonly state: ChainState
  /** First block that this chain is indexed from. */
  readonly first: number
  /** Last block committed; undefined before the first. */
  readonly written: number | undefined
  /** The node's newest block as last seen; undefined before its first answer. */
  readonly head: number | undefined
  /** Transfers stored since this process started. */
  readonly transfers: number
  /** During a backfill: the last block received from the node, committed or not, and the transfers up to it. */
  readonly fetched?: { readonly block: number; readonly transfers: number }
  /** During a bulk load: the last stored block that was copied, before anything is fetched. */
  readonly copied?: number
  /** During a bulk load: all was fetched, and the last part is being built. */
  readonly isFetched?: boolean
  /** All stored transfers; set only when a chain has just caught up. */
  readonly stored?: number
}
