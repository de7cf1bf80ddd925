import { hash } from 'node:crypto'
import { usdOf } from '../../../balances/portfolio.ts'
import { formatDecimal } from '../../../core/amount.ts'
import type { Balance } from '../../../core/balance.ts'
import { isFungible } from '../../../core/standards.ts'
import type { TokenInfo } from '../../../tokens/tokens.ts'
import { zulu } from '../../http/utc-time.ts'

/** Formats Unix seconds as `2024-01-31T23:59:59+00:00`, the form of the single and the batch call. */
export function offsetTime(seconds: number): string {
  return `${zulu(seconds).slice(0, -1)}+00:00`
}

/** Returns the exact value in US dollars as decimal text; undefined if it is unknown, and for collections of items. */
export function usdText(amount: bigint, token: Pick<TokenInfo, 'asset' | 'decimals' | 'price'>): string | undefined {
  const value = usdOf({ amount, decimals: token.decimals, price: knownPrice(token) })
  return value && formatDecimal(value)
}

/** Returns the price of a token as exact decimal text. Undefined if it is unknown, and for collections of items. */
export function priceOf(token: Pick<TokenInfo, 'asset' | 'price'>): string | undefined {
  const price = knownPrice(token)
  return price && formatDecimal(price)
}

/** Returns the price of a token. A collection of items has none as a whole. */
export function knownPrice({ asset, price }: Pick<TokenInfo, 'asset' | 'price'>): TokenInfo['price'] {
  return isFungible(asset.standard) ? price : undefined
}

/** Returns the decimals of a token. Collections of items have none, so they have 0. */
export function decimalsOf({ asset, decimals }: Pick<TokenInfo, 'asset' | 'decimals'>): number | null {
  return isFungible(asset.standard) ? (decimals ?? null) : 0
}

/** Bits of an id that a double holds exactly. */
const ID_BITS = 53n
/** Ids kept in memory, about 300 bytes each. */
const MAX_IDS = 50_000

const ids = new Map<string, number>()

/**
 * Returns the id of a row: the first 53 bits of SHA-256 over chain, account and token, so that it survives indexing
 * anew.
 */
export function rowId(chain: string, account: string, token: string): number {
  const row = `${chain}|${account}|${token}`
  const known = ids.get(row)
  if (known !== undefined) return known
  const id = Number(hash('sha256', row, 'buffer').readBigUInt64BE(0) >> (64n - ID_BITS))
  if (ids.size >= MAX_IDS) ids.clear()
  ids.set(row, id)
  return id
}

/** The fields of a balance that all calls share. `at` formats its time. */
export function balanceFields(balance: Balance, token: TokenInfo, at: (seconds: number) => string) {
  if (!balance.known) return { balance: null, balance_usd: null, last_updated: null }
  return {
    balance: balance.amount.toString(),
    balance_usd: usdText(balance.amount, token) ?? null,
    last_updated: at(balance.knownAt),
  }
}
