import type { Balances } from '../../../balances/balances.ts'
import type { ChainId } from '../../../core/chain.ts'
import { ServiceError } from '../../../core/errors.ts'
import type { Ledger } from '../../../ledger/ledger.ts'
import type { ServerDeps } from '../../http/deps.ts'

/** The dependencies of this dialect's calls: the issuer's ledger, its balances, and Unix seconds. */
export type AbcDeps = {
  readonly balances: Balances
  readonly ledger: Ledger
  readonly chain: ChainId
  readonly now: () => number
}

/** Returns the dependencies of the calls. @throws UNAVAILABLE no ledger is configured for the dialect */
export function withLedger({ balances, ledger, settings, now }: ServerDeps): AbcDeps {
  const { chain } = settings.dialects.abcLabs
  if (ledger === undefined || chain === undefined) throw new ServiceError('UNAVAILABLE', 'No ledger is configured')
  return { balances, ledger, chain, now }
}
