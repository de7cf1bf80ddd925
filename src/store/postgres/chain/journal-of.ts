import type { AccountCodec } from '../../../core/account.ts'
import type { ChainId } from '../../../core/chain.ts'
import type { Coverage } from '../../../core/coverage.ts'
import type { FixedClasses } from '../../queries/asset-table.ts'

/** What a chain's journal needs. */
export type JournalOf = {
  readonly chain: ChainId
  readonly codec: AccountCodec
  readonly coverage: Coverage
  /** Tokens whose accounting the configuration fixes. */
  readonly fixed: FixedClasses
}
