import type { Static } from 'typebox'
import { type AsOf, worstOf } from '../../../balances/as-of.ts'
import { beforeCoverage, type Holdings, holdingsAt, type Place, placeOf } from '../../../balances/holdings.ts'
import { inTime, paced } from '../../../balances/paced.ts'
import { totalOf } from '../../../balances/portfolio.ts'
import { ServiceError } from '../../../core/errors.ts'
import { pricesOver } from '../../../tokens/prices-over.ts'
import { AFTER_BALANCES, type TokenInfo } from '../../../tokens/tokens.ts'
import { asOfList } from '../../http/as-of-header.ts'
import type { Reply } from '../../http/route.ts'
import { zulu } from '../../http/utc-time.ts'
import type { Answer } from '../../schema/json-schema.ts'
import { accountParameter } from './addresses.ts'
import { type Bucket, bucketsOf, intervalParameter } from './buckets.ts'
import type { TokenKitDeps } from './deps.ts'
import { rowOf, totalsOf } from './holdings.ts'
import type { PortfolioHistoryAnswer, PortfolioHistoryQuery } from './schema-lists.ts'
import { rangeParameters } from './times.ts'

type Body = Answer<Static<typeof PortfolioHistoryAnswer>>
/** A bucket with what is held at its end. */
type Look = { readonly bucket: Bucket; readonly place: Place; readonly holdings: Holdings }

/** Most assets of a bucket. With more, the answer is marked as incomplete. */
const MAX_ROWS = 500
/** Most assets × buckets: each is read, priced and added up, which takes about 40 microseconds. */
const MAX_CELLS = 50_000
/** How long the answer may take, in milliseconds: below the deadline of a request. */
const MAX_MS = 6_000
/** Blocks whose balances are read at the same time: each may ask a node that keeps old state. */
const BLOCKS_AT_ONCE = 10

/** Buckets that are placed or added up in one tick: some milliseconds of work. */
const BUCKETS_PER_TICK = 10
/** Rows whose reads begin in one tick: some milliseconds of work. */
const ROWS_PER_TICK = 200

/** The value of an account at the end of each interval. */
export async function portfolioHistory(
  deps: TokenKitDeps,
  query: Static<typeof PortfolioHistoryQuery>,
): Promise<Reply<Body>> {
  const { chain, now } = deps
  const account = accountParameter('account_address', query.account_address, chain)
  const { from, to: end } = rangeParameters(query)
  const to = Math.min(end ?? now(), now())
  const buckets = bucketsOf({ from, to, interval: intervalParameter(query.interval) })
  if (buckets === undefined) throw tooLarge()
  return inTime(MAX_MS, tooLarge, async (signal) => {
    const looks = await looksAt(deps, { account, buckets, signal })
    const data = await rowsOf(deps, looks, { fillGaps: query.fill_gaps, signal })
    const asOf = asOfAll(looks, { skipped: looks.length < buckets.length, isOpen: end === undefined, end: end ?? to })
    return {
      body: {
        success: true,
        data,
        count: data.length,
        interval: query.interval,
        fill_gaps: query.fill_gaps,
        start_time: query.start_time,
        end_time: query.end_time ?? null,
      },
      // Before the chain began there is no block to name, and nothing is missing.
      asOf: looks.every(({ place }) => place === 'before_chain') ? undefined : asOfList(chain.id, asOf, now()),
    }
  })
}

function tooLarge(): ServiceError {
  return new ServiceError('PARAMETER_INVALID', 'interval: Take a longer interval.')
}

/**
 * What the account holds at the end of each bucket, read once for each block. Buckets before the indexed blocks are left
 * out.
 * @throws UNAVAILABLE all of them are; PARAMETER_INVALID there are too many rows
 */
async function looksAt(
  deps: TokenKitDeps,
  { account, buckets, signal }: { account: string; buckets: readonly Bucket[]; signal: AbortSignal },
): Promise<readonly Look[]> {
  const clock = await deps.chain.clock()
  const places = await paced(buckets, { atOnce: 1, perTick: BUCKETS_PER_TICK, signal }, ({ end }) =>
    placeOf(deps, end, clock),
  )
  const distinct = new Map(
    places.flatMap((place) => (place === 'before_coverage' ? [] : [[keyOf(place), place] as const])),
  )
  if (distinct.size === 0 && buckets.length > 0) throw beforeCoverage()
  // An account's list of assets only grows, so the newest one has the most rows.
  const { count } = await holdingsAt(deps, { account, place: 'newest', limit: 1 })
  if (Math.min(count, MAX_ROWS) * buckets.length > MAX_CELLS) throw tooLarge()
  const perTick = Math.max(1, Math.floor(ROWS_PER_TICK / Math.max(1, count)))
  const read = await paced([...distinct], { atOnce: BLOCKS_AT_ONCE, perTick, signal }, async ([key, place]) => {
    return [key, await holdingsAt(deps, { account, place, limit: MAX_ROWS })] as const
  })
  const byKey = new Map(read)
  return buckets.flatMap((bucket, index): readonly Look[] => {
    const place = places[index]
    const holdings = place === undefined ? undefined : byKey.get(keyOf(place))
    return place === undefined || holdings === undefined ? [] : [{ bucket, place, holdings }]
  })
}

function keyOf(place: Place): string {
  return typeof place === 'string' ? place : place.hash
}

/** The sums of each bucket at the prices of its end. */
async function rowsOf(
  deps: TokenKitDeps,
  looks: readonly Look[],
  { fillGaps, signal }: { readonly fillGaps: boolean; readonly signal: AbortSignal },
): Promise<Body['data']> {
  const { chain, prices } = deps
  const infos = await infosOf(deps, looks)
  const questions = looks.flatMap(({ bucket, holdings }) =>
    holdings.held.map(({ asset }) => ({ asset, time: bucket.end })),
  )
  const found = await pricesOver(prices, chain.id, { questions, signal })
  const data: Body['data'][number][] = []
  let next = 0
  let before = ''
  await paced(looks, { atOnce: 1, perTick: BUCKETS_PER_TICK, signal }, async ({ bucket, holdings }) => {
    const rows = holdings.held.flatMap((one) => {
      const info = infos.get(one.key)
      const price = found[next++]
      return info === undefined ? [] : [rowOf(one, { ...info, price })]
    })
    const totals = totalsOf(totalOf(rows), holdings)
    const same = JSON.stringify(totals)
    if (fillGaps || same !== before) data.push({ bucket: zulu(bucket.start), ...totals })
    before = same
  })
  return data
}

async function infosOf(
  { chain, tokens }: TokenKitDeps,
  looks: readonly Look[],
): Promise<ReadonlyMap<string, TokenInfo>> {
  const assets = new Map<string, TokenInfo['asset']>()
  for (const { held } of new Set(looks.map(({ holdings }) => holdings))) {
    for (const { key, asset } of held) assets.set(key, asset)
  }
  const infos = assets.size === 0 ? [] : await tokens.get(chain.id, [...assets.values()], AFTER_BALANCES)
  return new Map([...assets.keys()].flatMap((key, index) => (infos[index] === undefined ? [] : [[key, infos[index]]])))
}

/**
 * What the whole answer guarantees: the lowest block and the worst of all looks. It is not complete if buckets are
 * missing, or if the range goes on after the newest block was last known to be the newest. A range without an end goes on
 * to what is known, so only a bucket that begins later is not complete.
 */
function asOfAll(
  looks: readonly Look[],
  { skipped, isOpen, end }: { readonly skipped: boolean; readonly isOpen: boolean; readonly end: number },
): AsOf | undefined {
  const all = [...new Set(looks.map(({ holdings }) => holdings.asOf))].filter((one) => one !== undefined)
  const worst = worstOf(all.map((one) => ({ ...one, known: true, amount: 0n })))
  if (worst === undefined) return undefined
  const last = looks.at(-1)
  const knownAt = last?.place === 'newest' ? last.holdings.asOf?.knownAt : undefined
  const until = isOpen ? (last?.bucket.start ?? end) : end
  const isLate = knownAt !== undefined && until > knownAt
  return {
    ...worst,
    uniform: worst.uniform && all.every(({ uniform }) => uniform),
    complete: !skipped && !isLate && all.every(({ complete }) => complete),
  }
}
