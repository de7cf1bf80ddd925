import type { ChainId } from '../core/chain.ts'
import { ServiceError } from '../core/errors.ts'
import { andThen } from '../core/soon.ts'
import { TOKEN_STANDARDS } from '../core/standards.ts'
import type { ChainReads } from '../store/seam/store.ts'
import type { Balances } from './balances.ts'
import type { ChainBalances } from './chain-balances.ts'
import type { ChainHistory } from './chain-history.ts'
import type { History } from './history.ts'

/** The read side of one served chain. */
export type ServedBalances = { readonly reads: ChainReads; readonly balances: ChainBalances }

type Served<T> = Pick<ReadonlyMap<ChainId, T>, 'get'>

function servedBy<T>(chains: Served<T>): (chain: ChainId) => T {
  return (chain) => {
    const served = chains.get(chain)
    if (served === undefined) throw new ServiceError('CHAIN_UNSUPPORTED', `chain ${chain} is not served here`)
    return served
  }
}

/** Creates the past of all configured chains. */
export function createHistory(chains: Served<{ readonly history: ChainHistory }>): History {
  const of = servedBy(chains)
  return {
    changes: async ({ chain, ...request }) => of(chain).history.changes(request),
    transfers: async ({ chain, ...request }) => of(chain).history.transfers(request),
    blockAt: async ({ chain, timestamp }) => of(chain).history.blockAt(timestamp),
  }
}

/** Creates the read side of all configured chains. */
export function createBalances(chains: Served<ServedBalances>): Balances {
  const of = servedBy(chains)
  return {
    get: ({ chain, keys, freshness, asOf }) =>
      asOf === undefined ? of(chain).balances.get(keys, freshness) : of(chain).balances.getAsOf(keys, asOf),
    newestBlock: async ({ chain, atLeast }) => of(chain).balances.newestBlock(atLeast),
    account: (query) => of(query.chain).balances.account(query),
    holders: async ({ chain, ...query }) => of(chain).balances.holders(query),
    coins: async ({ chain, ...query }) => of(chain).balances.coins(query),
    known: async ({ chain, asset }) => {
      const stored = await of(chain).reads.asset(asset)
      return stored && { accounting: stored.accounting, wasDestroyed: stored.endedAt !== undefined }
    },
    assetsOf: ({ chain, reference }) =>
      andThen(of(chain).reads.assetsOf(reference), (stored) =>
        stored.flatMap(({ asset }) => (TOKEN_STANDARDS.includes(asset.standard) ? [asset] : [])),
      ),
    transfers: async ({ chain, ...query }) => of(chain).balances.transfers(query),
  }
}
