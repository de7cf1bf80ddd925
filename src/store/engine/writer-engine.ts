import type { AccountCodec } from '../../core/account.ts'
import type { Coverage } from '../../core/coverage.ts'
import type { Soon } from '../../core/soon.ts'
import type { FixedClasses } from '../queries/asset-table.ts'
import type { Work } from '../queries/query.ts'
import type { WriterMemory } from '../queries/writer.ts'
import type { BulkStore } from '../seam/bulk-load.ts'

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

/** How an engine runs the work of a chain's writer, which has the lease of the chain. */
export interface WriterEngine {
  readonly codec: AccountCodec
  readonly coverage: Coverage
  readonly fixed: FixedClasses
  /** What is remembered of the rows. */
  readonly memory: WriterMemory
  /** Undefined if the engine cannot replace a chain's rows as a whole. */
  readonly bulk?: BulkStore | undefined
  /**
   * Runs work as one transaction, after those before it. If it fails, what is remembered of the rows is forgotten.
   * @throws LEASE_LOST another process took over: only the present writer can commit
   */
  transact<T>(work: (memory: WriterMemory) => Work<T>): Soon<T>
  /** Keeps the engine's own house after blocks were appended. */
  appended(): Soon<void>
  /** True if a bulk load goes on: repairs are kept for its next generation. */
  isLoading(): boolean
  /** For tests that end the process at a named step. */
  onStep(step: WriterStep): void
  /** Releases the lease. */
  close(): Promise<void>
}
