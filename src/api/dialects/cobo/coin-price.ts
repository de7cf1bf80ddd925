import type { Static } from 'typebox'
import { formatDecimal } from '../../../core/amount.ts'
import type { ChainAsset } from '../../../custody/custody.ts'
import type { Price } from '../../../tokens/tokens.ts'
import type { Reply } from '../../http/route.ts'
import type { Answer } from '../../schema/json-schema.ts'
import { ParameterError } from '../../schema/query.ts'
import type { CoboDeps } from './deps.ts'
import { one } from './envelope.ts'
import type { CoinPriceAnswer, CoinPriceQuery } from './schema-wallets.ts'

/** Most coins of one call. */
const MAX_COINS = 100

/**
 * The prices of coins in US dollars, by the text that the caller gives: a token id, else the symbol of an asset that this
 * server vouches for. A symbol of several chains has the price of the first one that has a price. An unknown price is left out.
 * @throws ParameterError no coin is given, or too many are
 */
export async function coinPrice(
  deps: CoboDeps,
  { asset_coins }: Static<typeof CoinPriceQuery>,
): Promise<Reply<Answer<Static<typeof CoinPriceAnswer>>>> {
  const coins = [...new Set(asset_coins.split(',').map((coin) => coin.trim()))].filter((coin) => coin !== '')
  const problem = { part: 'query', parameter: 'asset_coins', type: 'string' } as const
  if (coins.length === 0) throw new ParameterError([{ ...problem, problem: 'missing' }])
  if (coins.length > MAX_COINS) throw new ParameterError([{ ...problem, problem: 'too_many', limit: MAX_COINS }])
  const bySymbol = await symbolPrices(deps, new Set(coins.map((coin) => coin.toUpperCase())))
  const prices: (readonly [string, string])[] = []
  for (const coin of coins) {
    const token = await deps.custody.ids.asset(coin)
    const price = (token && priceOf(deps, token)) ?? bySymbol.get(coin.toUpperCase())
    if (price !== undefined) prices.push([coin, formatDecimal(price)])
  }
  return { body: one(Object.fromEntries(prices)) }
}

/** The price of the first asset with each of these symbols, in capitals, that has a price. */
async function symbolPrices(deps: CoboDeps, wanted: ReadonlySet<string>): Promise<ReadonlyMap<string, Price>> {
  const found = new Map<string, Price>()
  for (const { id } of deps.chains) {
    const assets = deps.catalogue.of([id]).filter((one) => priceOf(deps, one) !== undefined)
    const ids = await deps.custody.ids.ofAssets(assets)
    const infos = await deps.tokens.get(
      id,
      assets.map(({ asset }) => asset),
    )
    for (const [at, one] of assets.entries()) {
      const price = priceOf(deps, one)
      for (const name of [infos[at]?.symbol, ids[at]]) {
        const symbol = name?.toUpperCase()
        if (price !== undefined && symbol !== undefined && wanted.has(symbol) && !found.has(symbol)) {
          found.set(symbol, price)
        }
      }
    }
  }
  return found
}

function priceOf({ prices }: Pick<CoboDeps, 'prices'>, { chain, asset }: ChainAsset): Price | undefined {
  return prices.find(chain, asset)
}
