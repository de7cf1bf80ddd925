import { type Static, Type } from 'typebox'
import { portfolioOf } from '../../../balances/portfolio.ts'
import { tokenIdOf } from '../../../chains/chia/words/address.ts'
import { type Decimal, format, formatDecimal, quotient } from '../../../core/amount.ts'
import type { TokenInfo } from '../../../tokens/tokens.ts'
import { type Answer, ExactNumber } from '../../schema/json-schema.ts'
import { compileRows } from '../../schema/rows.ts'
import { compileSerialiser, WrittenObject } from '../../schema/serialise.ts'
import type { SpacescanDeps } from './deps.ts'
import { type CatRow, type ExtendedRow, TokenBalanceRow, TokenName } from './schema.ts'

/** One CAT is 1000 mojo, for every CAT. */
export const CAT_DECIMALS = 3
/** Decimal places of a price in XCH. The division does not end, so this is the only number that is cut. */
const XCH_PRICE_PLACES = 18

/** A CAT that an address holds. `amount`: mojo. */
export type Owned = { readonly info: TokenInfo; readonly amount: bigint }

/** What an address holds of a CAT, and its exact value in US dollars as decimal text; undefined if it is unknown. */
export type Valued = Owned & { readonly value: string | undefined }

/** Returns holdings by value in US dollars, those without one last; equal ones by amount; equal ones by asset id. */
export function byValue(owned: readonly Owned[]): readonly Valued[] {
  const rows = owned.map(({ info, amount }) => ({ info, amount, decimals: CAT_DECIMALS, price: info.price }))
  rows.sort((a, b) => {
    if (a.amount !== b.amount) return a.amount > b.amount ? -1 : 1
    return a.info.asset.reference < b.info.asset.reference ? -1 : 1
  })
  return portfolioOf(rows).holdings.map(({ row: { info, amount }, value }) => ({ info, amount, value }))
}

const TOKEN_IDS = new WeakMap<TokenInfo, string>()

/** The names of a CAT, as every call shows them. */
function namesOf(info: TokenInfo) {
  const { reference } = info.asset
  let id = TOKEN_IDS.get(info)
  if (id === undefined) {
    id = tokenIdOf(reference)
    TOKEN_IDS.set(info, id)
  }
  return { asset_id: reference, token_id: id, name: info.name ?? null, symbol: info.symbol ?? null }
}

const plainRow = compileRows<TokenInfo>({
  schema: Type.Object({ ...TokenName.properties, balance: ExactNumber() }),
  own: ['balance'],
  describe: namesOf,
})
const writeExtended = compileSerialiser(TokenBalanceRow)

/** Returns a writer of rows of token-balance. Both lists of an answer share the text. */
export function renderRow({ extended, prices, chain }: SpacescanDeps): (row: Valued) => WrittenObject {
  if (!extended) return ({ info, amount }) => plainRow(info, [format(amount, CAT_DECIMALS)])
  const xch = chain.nativeAsset && prices.find(chain.id, chain.nativeAsset)
  return ({ info, amount, value }) => {
    const row: Answer<Static<typeof ExtendedRow>> = {
      ...namesOf(info),
      balance: format(amount, CAT_DECIMALS),
      ...pricesOf(info, xch),
      total_value: value ?? null,
      preview_url: info.logo ?? null,
    }
    return new WrittenObject(writeExtended(row))
  }
}

/** The price of a CAT in US dollars and in XCH; null if unknown. */
export function pricesOf({ price }: TokenInfo, xch: Decimal | undefined) {
  const inXch = price && xch && quotient(price, xch, XCH_PRICE_PLACES)
  return {
    price: price === undefined ? null : formatDecimal(price),
    price_xch: inXch === undefined ? null : formatDecimal(inXch),
  }
}

/** Returns a CAT as token lists describe it. */
export function renderCat(info: TokenInfo): Answer<Static<typeof CatRow>> {
  return {
    ...namesOf(info),
    description: info.description ?? null,
    preview_url: info.logo ?? null,
    tags: info.tags,
    twitter: pageOf(info, 'twitter'),
    discord: pageOf(info, 'discord'),
    website: pageOf(info, 'website'),
  }
}

function pageOf({ urls }: TokenInfo, wanted: string): string | null {
  return urls.find(({ name }) => name.toLowerCase() === wanted)?.url ?? null
}
