import type { Balances } from '../../../balances/balances.ts'
import type { Prices } from '../../../tokens/prices.ts'
import type { TokenFinder, Tokens } from '../../../tokens/tokens.ts'
import type { ServedChain } from '../../http/deps.ts'

/** The dependencies of this dialect's calls. `extended`: rows have prices and logos. `now` returns Unix seconds. */
export type SpacescanDeps = {
  readonly balances: Balances
  readonly tokens: Tokens
  readonly finder: TokenFinder
  readonly prices: Prices
  readonly chain: ServedChain
  readonly extended: boolean
  readonly now: () => number
}
