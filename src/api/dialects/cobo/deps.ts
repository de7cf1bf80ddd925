import type { PrincipalKeys } from '../../../access/principal-keys.ts'
import type { Custody } from '../../../custody/custody.ts'
import type { Prices } from '../../../tokens/prices.ts'
import type { TokenFinder, Tokens } from '../../../tokens/tokens.ts'
import type { ServedChain } from '../../http/deps.ts'
import type { Catalogue } from './catalogue.ts'

/** The dependencies of this dialect's calls. `now` returns Unix seconds. */
export type CoboDeps = {
  readonly custody: Custody
  readonly tokens: Tokens
  readonly finder: TokenFinder
  readonly prices: Prices
  readonly chains: readonly ServedChain[]
  readonly catalogue: Catalogue
  readonly principalKeys: PrincipalKeys
  /** The principal of callers without a key. */
  readonly anonymous: string | undefined
  readonly now: () => number
}
