import type { Static } from 'typebox'
import { pricesOver } from '../../../tokens/prices-over.ts'
import { asOfList } from '../../http/as-of-header.ts'
import type { Reply } from '../../http/route.ts'
import { zulu } from '../../http/utc-time.ts'
import type { Answer } from '../../schema/json-schema.ts'
import { accountParameter, addressParameter } from './addresses.ts'
import { assetOf, type TokenKitDeps } from './deps.ts'
import { naming } from './errors.ts'
import { priceOf, usdText } from './render.ts'
import type { HistoryAnswer, HistoryQuery } from './schema-lists.ts'
import { rangeParameters } from './times.ts'

/** Most rows of a history, which has no paging. With more, the caller narrows the time range. */
const MAX_ROWS = 10_000

/** Every change of a balance in a time range, ascending, with the exact balance after it. */
export async function balanceHistory(
  deps: TokenKitDeps,
  query: Static<typeof HistoryQuery>,
): Promise<Reply<Answer<Static<typeof HistoryAnswer>>>> {
  const { chain, history, now, prices, tokens } = deps
  const account = accountParameter('account_address', query.account_address, chain)
  const token = addressParameter('token_address', query.token_address, chain)
  const { from, to } = rangeParameters(query)
  const asset = await assetOf(deps, token)
  const range = { fromTimestamp: from, toTimestamp: to, limit: MAX_ROWS, partial: true }
  const { rows, asOf } = await naming('start_time', history.changes({ chain: chain.id, account, asset, ...range }))
  const [info] = await tokens.get(chain.id, [asset], { read: true })
  const data: Answer<Static<typeof HistoryAnswer>>['data'][number][] = []
  const times = [...new Set(rows.map(({ block }) => block.timestamp))]
  const found = await pricesOver(prices, chain.id, { questions: times.map((time) => ({ asset, time })) })
  const priceAt = new Map(times.map((time, index) => [time, found[index]]))
  for (const { block, event, amount } of rows) {
    const token = { asset, decimals: info?.decimals, price: priceAt.get(block.timestamp) }
    data.push({
      time: zulu(block.timestamp),
      block_number: block.number,
      event_index: event,
      balance: amount?.toString() ?? null,
      token_price_usd: priceOf(token) ?? null,
      balance_usd: (amount === undefined ? undefined : usdText(amount, token)) ?? null,
    })
  }
  const complete = asOf?.complete === true && rows.every(({ amount }) => amount !== undefined)
  return {
    body: {
      success: true,
      data,
      count: data.length,
      account_address: account,
      token_address: token,
      start_time: query.start_time,
      end_time: query.end_time ?? null,
    },
    asOf: asOfList(chain.id, asOf && { ...asOf, complete }, now()),
  }
}
