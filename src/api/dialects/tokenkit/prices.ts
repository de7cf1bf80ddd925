import type { Static } from 'typebox'
import type { Reply } from '../../http/route.ts'
import type { Answer } from '../../schema/json-schema.ts'
import { addressParameter } from './addresses.ts'
import { assetOf, type TokenKitDeps } from './deps.ts'
import { priceOf } from './render.ts'
import type { PriceAnswer, PriceAtAnswer, PriceAtQuery, PriceQuery } from './schema-lists.ts'
import { timeParameter } from './times.ts'

/**
 * The price of a token. This call alone answers 0 for a price that is not known: the vendor's rule. A price that nobody
 * asked for yet is not in memory, so the source is asked for the one of now.
 */
export async function price(
  deps: TokenKitDeps,
  query: Static<typeof PriceQuery>,
): Promise<Reply<Answer<Static<typeof PriceAnswer>>>> {
  const { chain, now, prices } = deps
  const token = addressParameter('token_address', query.token_address, chain)
  const asset = await assetOf(deps, token)
  const known = prices.find(chain.id, asset)
  const found = known === undefined || query.force_refresh ? await prices.at(chain.id, { asset, time: now() }) : known
  const data = {
    token_address: token,
    price_usd: priceOf({ asset, price: found }) ?? '0',
    force_refresh: query.force_refresh,
  }
  return { body: { success: true, data } }
}

/** The price of a token at a time, as `price`. */
export async function priceAt(
  deps: TokenKitDeps,
  query: Static<typeof PriceAtQuery>,
): Promise<Reply<Answer<Static<typeof PriceAtAnswer>>>> {
  const { chain, prices } = deps
  const token = addressParameter('token_address', query.token_address, chain)
  const time = timeParameter('at_time', query.at_time)
  const asset = await assetOf(deps, token)
  const found = await prices.at(chain.id, { asset, time })
  const data = { token_address: token, price_usd: priceOf({ asset, price: found }) ?? '0', at_time: query.at_time }
  return { body: { success: true, data } }
}
