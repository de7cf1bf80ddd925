import type { Balances } from '../../../balances/balances.ts'
import type { ChainId } from '../../../core/chain.ts'
import type { Ledger } from '../../../ledger/ledger.ts'

/** The dependencies of this dialect's calls: the issuer's ledger, its balances, and Unix seconds. */
export type AbcDeps = {
  readonly balances: Balances
  readonly ledger: Ledger
  readonly chain: ChainId
  readonly now: () => number
}
