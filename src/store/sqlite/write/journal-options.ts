import type { AccountCodec } from '../../../core/account.ts'
import type { ChainId } from '../../../core/chain.ts'
import type { Coverage } from '../../../core/coverage.ts'
import { WRITER_STEPS } from '../../engine/writer-engine.ts'
import type { FixedClasses } from '../../queries/asset-table.ts'
import type { Generations } from '../generations.ts'
import type { Lease } from '../lease.ts'
import type { MovableDatabase } from '../movable-database.ts'

/** Steps of a write at which a test kills the process, to prove that nothing is lost or doubled. */
export const JOURNAL_STEPS = [
  ...WRITER_STEPS,
  'publish:rows',
  'publish:file',
  'publish:pointer',
  'publish:done',
  'end:log',
  'end:repairs',
] as const
/** A named point of a journal's write, for tests that kill the process there. */
export type JournalStep = (typeof JOURNAL_STEPS)[number]

/** What a chain's journal needs. */
export type JournalOptions = {
  readonly db: MovableDatabase
  readonly chain: ChainId
  readonly generations: Generations
  readonly codec: AccountCodec
  readonly coverage: Coverage
  readonly lease: Lease
  /** Tokens whose accounting the configuration fixes. */
  readonly fixed: FixedClasses
  readonly onStep?: (step: JournalStep) => void
}
