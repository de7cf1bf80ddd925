import type { AccountCodec } from '../../../core/account.ts'
import type { ChainId } from '../../../core/chain.ts'
import type { Coverage } from '../../../core/coverage.ts'
import { claimChain } from '../../queries/claim-chain.ts'
import type { Queries } from '../database.ts'
import { remedyOfJournal } from './chain-place.ts'
import { runQuery } from './run-query.ts'

/** A chain that a writer claims, as the writer of this number. */
type Claimed = {
  readonly chain: ChainId
  readonly coverage: Coverage
  readonly codec: AccountCodec
  readonly fence: number
}

/** More than any journal counts. */
const COUNTS_OF_ONE_JOURNAL = 2 ** 32

/** Claims a chain's tables for a writer. @throws STORE_MISMATCH as `claimChain` */
export async function bindToChain(queries: Queries, { fence, ...claimed }: Claimed): Promise<void> {
  // What other processes remember of a journal that was deleted must not be taken for this one's.
  const counted = (fence - 1) * COUNTS_OF_ONE_JOURNAL
  const remedy = remedyOfJournal(claimed.chain)
  await runQuery(queries, claimChain({ ...claimed, counted, place: 'its schema', remedy }))
}
