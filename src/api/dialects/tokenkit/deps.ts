import type { Balances, Freshness } from '../../../balances/balances.ts'
import type { History } from '../../../balances/history.ts'
import type { AssetRef } from '../../../core/asset.ts'
import { andThen, type Soon } from '../../../core/soon.ts'
import type { Prices } from '../../../tokens/prices.ts'
import type { TokenFinder, Tokens } from '../../../tokens/tokens.ts'
import type { ServedChain } from '../../http/deps.ts'

/** The dependencies of this dialect's calls. `now` returns Unix seconds. */
export type TokenKitDeps = {
  readonly balances: Balances
  readonly history: History
  readonly tokens: Tokens
  readonly finder: TokenFinder
  readonly prices: Prices
  readonly chain: ServedChain
  readonly now: () => number
}

/** The asset of a contract: the first one that it is indexed as, else a fungible token. */
export function assetOf(
  { balances, chain }: Pick<TokenKitDeps, 'balances' | 'chain'>,
  reference: string,
): Soon<AssetRef> {
  return andThen(balances.assetsOf({ chain: chain.id, reference }), ([asset]): AssetRef => {
    return asset ?? { standard: 'erc20', reference }
  })
}

/** How fresh the caller wants a balance. A forced read that fails is an error, so it must not return a stored amount. */
export function freshnessOf(asked: { readonly force_refresh: boolean; readonly max_age: number }): Freshness {
  if (asked.force_refresh) return { mode: 'force', strict: true }
  return asked.max_age === 0 ? { mode: 'force' } : { mode: 'max_age', seconds: asked.max_age }
}
