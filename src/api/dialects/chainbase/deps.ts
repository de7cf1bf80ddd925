import type { Balances } from '../../../balances/balances.ts'
import type { AssetRef } from '../../../core/asset.ts'
import type { ChainId } from '../../../core/chain.ts'
import type { Tokens } from '../../../tokens/tokens.ts'
import type { ChainFinder } from './chains.ts'
import type { BalanceFormat } from './render.ts'

/** The dependencies of this dialect's calls. `now` returns Unix seconds. */
export type ChainbaseDeps = {
  readonly balances: Balances
  readonly tokens: Tokens
  readonly chainOf: ChainFinder
  readonly nativeOf: (chain: ChainId) => AssetRef
  readonly balanceFormat: BalanceFormat
  readonly now: () => number
}
