import type { Balances } from '../../../balances/balances.ts'
import type { Tokens } from '../../../tokens/tokens.ts'
import type { ChainFinder } from './chains.ts'
import type { BalanceFormat } from './render.ts'

/** What the calls of this dialect need. `now` is Unix seconds. */
export type ChainbaseDeps = {
  readonly balances: Balances
  readonly tokens: Tokens
  readonly chainOf: ChainFinder
  readonly balanceFormat: BalanceFormat
  readonly now: () => number
}
