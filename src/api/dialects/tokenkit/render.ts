import { hash } from 'node:crypto'
import type { Static } from 'typebox'
import { usdOf } from '../../../balances/portfolio.ts'
import { formatDecimal } from '../../../core/amount.ts'
import type { Balance } from '../../../core/balance.ts'
import { isFungible } from '../../../core/standards.ts'
import type { TokenInfo } from '../../../tokens/tokens.ts'
import { zulu } from '../../http/utc-time.ts'
import type { Answer } from '../../schema/json-schema.ts'
import { compileRows } from '../../schema/rows.ts'
import type { WrittenObject } from '../../schema/serialise.ts'
import { AccountToken } from './schema.ts'

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

const accountRow = compileRows<TokenInfo>({
  schema: AccountToken,
  own: ['id', 'account', 'balance', 'balance_usd', 'last_updated'],
  describe: (info): Pick<Answer<Static<typeof AccountToken>>, 'token'> => ({
    token: {
      address: info.asset.reference,
      symbol: info.symbol ?? null,
      name: info.name ?? null,
      decimals: decimalsOf(info),
      current_price_usd: priceOf(info) ?? null,
      logo: info.logo ?? null,
    },
  }),
})

/** Returns a writer of rows of account-balances, all of one account. */
export function accountRows(chain: string, account: string): (token: TokenInfo, balance: Balance) => WrittenObject {
  // One object for all rows, which is then written once.
  const of = { address: account }
  const ofAccount = digestOf('account', chain, account)
  return (token, found) => {
    const { balance, balance_usd, last_updated } = balanceFields(found, token, zulu)
    return accountRow(token, [sum(ofAccount, tokenDigest(chain, token)), of, balance, balance_usd, last_updated])
  }
}

/** Numbers of ids are below this: a double holds them exactly. */
const IDS = 2 ** 53

/**
 * Returns the id of a row: the digest of the account plus that of the token, modulo 2^53, so that it survives indexing
 * anew. A list hashes its account once, and a token is hashed once for all lists.
 */
export function rowId(chain: string, account: string, token: string): number {
  return sum(digestOf('account', chain, account), digestOf('token', chain, token))
}

function sum(one: number, other: number): number {
  return one >= IDS - other ? one - (IDS - other) : one + other
}

/** The first 53 bits of SHA-256 over what an address is, its chain, and the address. */
function digestOf(what: 'account' | 'token', chain: string, address: string): number {
  // One character for each byte: text of digits would be longer, and would have to be parsed.
  const bytes = hash('sha256', `${what}|${chain}|${address}`, 'binary')
  let digest = 0
  for (let index = 0; index < 6; index++) digest = digest * 2 ** 8 + bytes.charCodeAt(index)
  return digest * 2 ** 5 + (bytes.charCodeAt(6) >> 3)
}

const digests = new WeakMap<TokenInfo, number>()

function tokenDigest(chain: string, token: TokenInfo): number {
  let known = digests.get(token)
  if (known === undefined) {
    known = digestOf('token', chain, token.asset.reference)
    digests.set(token, known)
  }
  return known
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
