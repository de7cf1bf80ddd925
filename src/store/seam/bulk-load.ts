import type { Accounting } from '../../core/asset.ts'
import type { Header } from '../../core/block.ts'
import type { ChainId } from '../../core/chain.ts'
import type { Coverage } from '../../core/coverage.ts'
import type { Soon } from '../../core/soon.ts'
import type { StoredChain, StoredExtent } from './stored-chain.ts'

/**
 * What a build writes: a whole chain, in a place that no reader sees before it is published. It can be passed to another
 * thread.
 */
export type BuildTarget = {
  /** Whose sink writes it. */
  readonly engine: 'sqlite' | 'postgres'
  readonly chain: ChainId
  readonly coverage: Coverage
  /** Tokens whose accounting the configuration fixes, by `assetKey`. */
  readonly fixed: readonly (readonly [string, Accounting])[]
  /**
   * Blocks up to this one are published, undefined if none is. What events of these blocks hint at is known, and may have
   * been corrected since. Later hints are what the generation adds.
   */
  readonly published: number | undefined
  /** The engine's own name of the place. */
  readonly place: string
}

/** Replaces the rows of a chain by those of a bulk load, one generation after the other. */
export interface BulkStore {
  /** The folder for the raw log and what else a bulk load keeps on disk. It may not exist yet. */
  readonly folder: string
  /** True: the folder is not that of the store, and rows wait there until they are in it. */
  readonly isApart: boolean
  /** Why the rows of this chain cannot be replaced, and what to do about it; undefined if they can. */
  readonly refused: string | undefined
  /** Bytes that are free on its disk. @throws STORE_UNAVAILABLE the folder cannot be used */
  freeBytes(): number
  /** How much is stored; undefined if nothing. */
  extent(): Soon<StoredExtent | undefined>
  /** Begins a load. Opens what is stored, to copy it to the raw log; undefined if nothing is. @throws STORE_UNAVAILABLE */
  open(): Soon<StoredChain | undefined>
  /** Where the next generation is to be built, once a load has begun. */
  target(): BuildTarget
  /**
   * Makes a built generation the one that is read and written from now on, with all that the log does not tell: classes,
   * openings, doubts, repairs, cursors. Readers move at their next request. Returns its last block.
   * @throws STORE_FULL, STORE_UNAVAILABLE, LEASE_LOST the generation before is still the one
   * @throws ABORTED the signal ended it before it was published
   */
  publish(built: BuildTarget, signal?: AbortSignal): Promise<Header>
  /** The bulk load is over: its log and what it kept of repairs are removed. */
  end(): Promise<void>
}
