import type { BlockRef, Header } from '../../core/block.ts'
import type { Coverage } from '../../core/coverage.ts'
import type { Transfer } from '../../core/transfer.ts'
import type { Doubts } from './doubts.ts'
import type { ChainState } from './heartbeat.ts'

/** The state that readers answer as of. Times are Unix seconds. */
export type ChainClock = {
  /** What was indexed; undefined before the chain's writer first ran. */
  readonly coverage: Coverage | undefined
  /** The chain's zero address, for which no balances are stored; undefined if the chain has none. */
  readonly zeroAddress: string | undefined
  readonly published: Header | undefined
  readonly finalized: BlockRef | undefined
  readonly head: Header | undefined
  readonly state: ChainState
  readonly error: string | undefined
  readonly auditError: string | undefined
  /** When the checkpoint was last seen to be the node's head. */
  readonly caughtUpAt: number | undefined
  /** The hash of that checkpoint: the published block may be another one by now. */
  readonly caughtUpHash: string | undefined
  /** True once the chain has caught up at least once. */
  readonly wasReady: boolean
  /** Time of the indexer's last heartbeat. If it is old, the indexer is dead. */
  readonly beatAt: number | undefined
  readonly transfers: number
  /**
   * Changes whenever answers about committed blocks change: with each repair, each reclassification, and each
   * reclassification that is undone.
   */
  readonly revision: number
  readonly counts: Readonly<Record<string, number>>
  /**
   * True while no sum is proven: logs of several tokens were missing, or no balance of a new chain was compared yet.
   */
  readonly inDoubt: boolean
  /** Counts of what is in doubt. */
  readonly doubts: Doubts
}

/** A block that we store: its number, hash and time (Unix seconds). */
export type HeldBlock = BlockRef & { readonly timestamp: number }

/** A transfer with its block. */
export type StoredTransfer = Transfer & { readonly block: BlockRef; readonly timestamp: number }
