import type { ChainId } from '../core/chain.ts'
import { ServiceError } from '../core/errors.ts'
import type { ChainReads } from '../store/seam/store.ts'
import type { Balances } from './balances.ts'
import type { ChainBalances } from './chain-balances.ts'

/** The read side of one served chain. */
export type ServedBalances = { readonly reads: ChainReads; readonly balances: ChainBalances }

/** Creates the read side of all configured chains. */
export function createBalances(chains: Pick<ReadonlyMap<ChainId, ServedBalances>, 'get'>): Balances {
  const of = (chain: ChainId): ServedBalances => {
    const served = chains.get(chain)
    if (served === undefined) throw new ServiceError('CHAIN_UNSUPPORTED', `chain ${chain} is not served here`)
    return served
  }
  return {
    get: async ({ chain, keys, freshness, asOf }) =>
      asOf === undefined ? of(chain).balances.get(keys, freshness) : of(chain).balances.getAsOf(keys, asOf),
    newestBlock: async ({ chain, atLeast }) => of(chain).balances.newestBlock(atLeast),
    account: async ({ chain, ...query }) => of(chain).balances.account(query),
    holders: async ({ chain, ...query }) => of(chain).balances.holders(query),
    known: async ({ chain, asset }) => {
      const stored = await of(chain).reads.asset(asset)
      return stored && { accounting: stored.accounting, wasDestroyed: stored.endedAt !== undefined }
    },
    transfers: async ({ chain, ...query }) => of(chain).balances.transfers(query),
  }
}
