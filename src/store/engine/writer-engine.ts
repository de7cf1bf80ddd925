import type { AccountCodec } from '../../core/account.ts'
import type { BlockRef } from '../../core/block.ts'
import type { Coverage } from '../../core/coverage.ts'
import type { Soon } from '../../core/soon.ts'
import type { FixedClasses } from '../queries/asset-table.ts'
import type { Work } from '../queries/query.ts'
import type { WriterMemory } from '../queries/writer.ts'
import type { BulkStore } from '../seam/bulk-load.ts'
import type { LedgerWrites } from '../seam/ledger-store.ts'

/** Steps of a write at which a test kills the process, to prove that nothing is lost or doubled. */
export const WRITER_STEPS = [
  'append:rows',
  'append:clock',
  'append:done',
  'rollback:rows',
  'rollback:done',
  'adopt:rows',
  'adopt:done',
  'reclassify:rows',
  'reclassify:done',
  'repair:rows',
  'repair:done',
  'follow:rows',
  'follow:done',
  'unfollow:rows',
  'unfollow:done',
] as const
/** A named point of a write. */
export type WriterStep = (typeof WRITER_STEPS)[number]
/** Is told of each step. */
export type OnWriterStep = (step: WriterStep) => void

/** Copies of a writer's log. */
export type Checkpoints = Pick<LedgerWrites, 'checkpoints' | 'checkpointsFailed' | 'checkpointError'>

/** How an engine runs the work of a writer: of a chain, whose lease it has, or of a ledger. */
export interface WriterEngine {
  readonly codec: AccountCodec
  readonly coverage: Coverage
  readonly fixed: FixedClasses
  /** What is remembered of the rows. */
  readonly memory: WriterMemory
  /** Undefined if the engine cannot replace a chain's rows as a whole. */
  readonly bulk?: BulkStore | undefined
  /** Counts since the writer was opened, if it decides itself when its log is copied into its tables. */
  readonly checkpoints?: Checkpoints
  /**
   * Runs work as one transaction, after those before it. If it fails, what is remembered of the rows is forgotten. Not `durable`: a
   * crash of the machine may lose it, if that makes it cheaper.
   * @throws LEASE_LOST another process took over: only the present writer can commit
   */
  transact<T>(work: (memory: WriterMemory) => Work<T>, how?: { readonly durable: boolean }): Soon<T>
  /** Keeps the engine's own house after blocks were appended. `head`: the newest one. */
  appended(head: BlockRef): Soon<void>
  /** True if a bulk load goes on: repairs are kept for its next generation. */
  isLoading(): boolean
  /** Releases the lease. */
  close(): Promise<void>
}
