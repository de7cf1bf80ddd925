import type { AccountCodec } from '../../../core/account.ts'
import type { ChainId } from '../../../core/chain.ts'
import type { Coverage } from '../../../core/coverage.ts'
import type { WriterStep } from '../../engine/writer-engine.ts'
import type { FixedClasses } from '../../queries/asset-table.ts'

/** What a chain's journal needs. */
export type JournalOf = {
  readonly chain: ChainId
  readonly codec: AccountCodec
  readonly coverage: Coverage
  /** Tokens whose accounting the configuration fixes. */
  readonly fixed: FixedClasses
  /** For tests that end the process at a named step. */
  readonly onStep: ((step: WriterStep) => void) | undefined
}
