import type { Held, Holdings } from '../../../balances/holdings.ts'
import type { TokenInfo } from '../../../tokens/tokens.ts'
import { knownPrice } from './render.ts'

/** A holding with what its value follows from. */
export type Row = Pick<Held, 'amount'> & { readonly info: TokenInfo } & Pick<TokenInfo, 'decimals' | 'price'>

/** Combines a holding with its token at a price. */
export function rowOf({ amount }: Held, info: TokenInfo): Row {
  return { info, amount, decimals: info.decimals, price: knownPrice(info) }
}

/** The sums of an answer. Assets that were not read have no known value. */
export function totalsOf(
  { total, untracked }: { readonly total: string; readonly untracked: number },
  { held, unseen }: Holdings,
) {
  return {
    total_usd: total,
    tracked_total_usd: total,
    holdings_count: held.length + unseen,
    untracked_count: untracked + unseen,
  }
}
