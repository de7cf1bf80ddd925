import type { AccountCodec } from '../../core/account.ts'
import type { Accounting } from '../../core/asset.ts'
import type { CoverageTest } from '../../core/coverage.ts'

/** What the rules know of a journal beside its rows. */
export type JournalRules = {
  readonly codec: AccountCodec
  /** The first block of the coverage. */
  readonly from: number
  /** The opening that coverage gives a balance: 0, or unknown. */
  readonly opening: bigint | undefined
  /** Tells what the coverage covers at the moment of the call. */
  readonly test: CoverageTest
  /** True for accounts whose changes are stored, completely or as far as their history has been fetched. */
  readonly stores: (account: string) => boolean
  /** True if transfers of some followed account are found by leads. */
  readonly needsLeads: () => boolean
  /** Accounting that the configuration fixes, by `assetKey`. */
  readonly fixed: ReadonlyMap<string, Accounting>
}
