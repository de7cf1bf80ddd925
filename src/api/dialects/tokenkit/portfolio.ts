import type { Static } from 'typebox'
import { type Held, holdingsAt, placeOf } from '../../../balances/holdings.ts'
import { type Portfolio, portfolioOf } from '../../../balances/portfolio.ts'
import { pricesOver } from '../../../tokens/prices-over.ts'
import { AFTER_BALANCES, type TokenInfo } from '../../../tokens/tokens.ts'
import { asOfList } from '../../http/as-of-header.ts'
import type { Reply } from '../../http/route.ts'
import type { Answer } from '../../schema/json-schema.ts'
import { accountParameter } from './addresses.ts'
import type { TokenKitDeps } from './deps.ts'
import { type Row, rowOf, totalsOf } from './holdings.ts'
import { decimalsOf, offsetTime, priceOf } from './render.ts'
import type { PortfolioAnswer, PortfolioQuery } from './schema-lists.ts'
import { optionalTime } from './times.ts'

type Holding = Answer<Static<typeof PortfolioAnswer>>['data']['holdings'][number]

/** Most rows of a portfolio, which has no paging. With more, the answer is marked as incomplete. */
const MAX_ROWS = 10_000

/** What an account holds, now or at a time, by value. */
export async function portfolio(
  deps: TokenKitDeps,
  query: Static<typeof PortfolioQuery>,
): Promise<Reply<Answer<Static<typeof PortfolioAnswer>>>> {
  const { chain, now } = deps
  const account = accountParameter('account_address', query.account_address, chain)
  const time = optionalTime('at_time', query.at_time)
  const place = time === undefined ? 'newest' : await placeOf(deps, time, await chain.clock())
  const found = await holdingsAt(deps, { account, place, limit: MAX_ROWS })
  const valued = await valuesOf(deps, found.held, time)
  const { asOf } = found
  // A block before the newest one holds until the next block, so through the time that was asked for.
  const knownUntil = place === 'newest' ? asOf?.knownAt : undefined
  const wanted = time ?? now()
  const complete = asOf?.complete === true && !(time !== undefined && knownUntil !== undefined && time > knownUntil)
  return {
    body: {
      success: true,
      data: {
        account_address: account,
        as_of: offsetTime(Math.min(wanted, knownUntil ?? wanted)),
        ...totalsOf(valued, found),
        holdings: valued.holdings.map(holdingOf),
      },
    },
    // Before the chain began there is no block to name, and nothing is missing.
    asOf: place === 'before_chain' ? undefined : asOfList(chain.id, asOf && { ...asOf, complete }, now()),
  }
}

/** Values what the account holds, greatest value first, at the prices of a time; undefined: the newest ones. */
async function valuesOf(
  { chain, prices, tokens }: TokenKitDeps,
  held: readonly Held[],
  time: number | undefined,
): Promise<Portfolio<Row>> {
  const assets = held.map(({ asset }) => asset)
  const infos = assets.length === 0 ? [] : await tokens.get(chain.id, assets, AFTER_BALANCES)
  const questions = time === undefined ? [] : assets.map((asset) => ({ asset, time }))
  const then = await pricesOver(prices, chain.id, { questions })
  const rows = held.flatMap((one, index): readonly Row[] => {
    const info: TokenInfo | undefined = infos[index]
    if (info === undefined) return []
    return [rowOf(one, time === undefined ? info : { ...info, price: then[index] })]
  })
  return portfolioOf(rows)
}

function holdingOf({ row: { info, amount }, value }: Portfolio<Row>['holdings'][number]): Holding {
  const { asset, listed } = info
  return {
    token_address: asset.reference,
    balance: amount?.toString() ?? null,
    balance_usd: value ?? null,
    token_price_usd: priceOf(info) ?? null,
    symbol: info.symbol ?? null,
    name: info.name ?? null,
    logo: info.logo ?? null,
    decimals: decimalsOf(info),
    is_erc20: asset.standard === 'erc20',
    is_erc721: asset.standard === 'erc721',
    is_erc1155: asset.standard === 'erc1155',
    verified: listed,
    common: listed,
    public: listed,
    is_hidden: false,
  }
}
