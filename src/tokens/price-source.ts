import { assert } from '../core/assert.ts'
import { isServiceError, ServiceError } from '../core/errors.ts'
import { type Json, JsonNumber, type JsonObject, parseJson } from '../json/exact-json.ts'
import { createEndpoint, type HttpAnswer } from '../net/http.ts'
import { type PriceNumber, readPriceNumber } from './price-number.ts'

/** Most coins of one request: the path then has under 8 KB, which every server accepts. */
export const MAX_COINS = 100
/** Largest answer, in bytes. 100 coins have about 20 KB. */
const MAX_BYTES = 1_000_000

/** A price as the source has it. `at`: when the source saw it, in Unix seconds; undefined if the answer has no time. */
export type SourcePrice = PriceNumber & { readonly at: number | undefined }

/** Prices by coin, such as `ethereum:0x…`. Coins without a usable price are missing. */
export type CoinPrices = ReadonlyMap<string, SourcePrice>

/**
 * A source of prices. It sends one request at a time. All methods take at most `MAX_COINS` coins.
 * @throws NODE_UNREACHABLE, NODE_TIMEOUT, NODE_TOO_LARGE, NODE_GARBAGE, NODE_HTTP (with the field `status`), ABORTED
 */
export interface PriceSource {
  /** Scheme and host, safe to log. */
  readonly label: string
  current(coins: readonly string[], signal: AbortSignal): Promise<CoinPrices>
  /** The prices nearest to `time` (Unix seconds) that the source finds. */
  past(time: number, coins: readonly string[], signal: AbortSignal): Promise<CoinPrices>
}

/**
 * A source with DefiLlama's API (https://api-docs.defillama.com, "coins"): GET `{url}/prices/current/{coins}` and
 * `{url}/prices/historical/{time}/{coins}`, answered by `{"coins":{"ethereum:0x…":{"price":1.0001,"timestamp":…}}}`.
 */
export function createPriceSource({
  url,
  timeoutMs,
}: {
  readonly url: string
  readonly timeoutMs: number
}): PriceSource {
  const endpoint = createEndpoint(url, { timeoutMs, maxBytes: MAX_BYTES })
  let last: Promise<unknown> = Promise.resolve()
  const ask = (path: string, coins: readonly string[], signal: AbortSignal): Promise<CoinPrices> => {
    assert(coins.length > 0 && coins.length <= MAX_COINS, `${coins.length} coins in one request`)
    const own = last.then(async () =>
      readAnswer(await endpoint.get(`${path}/${coins.join(',')}`, signal), { coins, label: endpoint.label }),
    )
    last = own.catch(() => undefined)
    return own
  }
  return {
    label: endpoint.label,
    current: (coins, signal) => ask('/prices/current', coins, signal),
    past: (time, coins, signal) => ask(`/prices/historical/${time}`, coins, signal),
  }
}

function readAnswer(answer: HttpAnswer, asked: { coins: readonly string[]; label: string }): CoinPrices {
  const { status, body } = answer
  if (status !== 200) {
    const fields = { status }
    throw new ServiceError('NODE_HTTP', `${asked.label} answered a request for prices with status ${status}`, {
      fields,
    })
  }
  const list = member(parse(body.toString('utf8'), asked.label), 'coins')
  if (!isObject(list)) throw garbage(asked.label)
  // Sources may return an address in another case than the request has.
  const names = new Map(asked.coins.flatMap((coin) => [[coin.toLowerCase(), coin] as const, [coin, coin] as const]))
  const prices = new Map<string, SourcePrice>()
  for (const [key, entry] of list) {
    const coin = names.get(key) ?? names.get(key.toLowerCase())
    const price = member(entry, 'price')
    const number = price instanceof JsonNumber ? readPriceNumber(price.text) : undefined
    if (coin !== undefined && number !== undefined)
      prices.set(coin, { ...number, at: timeOf(member(entry, 'timestamp')) })
  }
  return prices
}

function parse(body: string, label: string): Json {
  try {
    return parseJson(Buffer.from(body))
  } catch (error) {
    if (!isServiceError(error, 'BODY_NOT_JSON')) throw error
    throw garbage(label, error)
  }
}

function garbage(label: string, cause?: unknown): ServiceError {
  return new ServiceError('NODE_GARBAGE', `${label} answered a request for prices with something else`, { cause })
}

/** Unix seconds up to the year 33658; undefined for anything else. */
function timeOf(value: Json | undefined): number | undefined {
  return value instanceof JsonNumber && /^[1-9]\d{0,11}$/.test(value.text) ? Number(value.text) : undefined
}

function member(value: Json | undefined, key: string): Json | undefined {
  return isObject(value) ? value.get(key) : undefined
}

function isObject(value: Json | undefined): value is JsonObject {
  return value instanceof Map
}
