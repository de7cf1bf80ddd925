import { Lookup, lookup, type Plan, Scan, scan } from '../plan.ts'
import { byMeeting, type MetAt, metWithoutLog, type Position } from '../position.ts'
import { assets, changes, hints, openings, transfers } from '../tables/facts.ts'
import type { Row } from '../tables/table.ts'
import { keyOf, type PairKey } from './pairs.ts'

/** How an account met an asset: the position in the chain, and the first block in which the account received some. */
export type Meeting = Pick<Position, 'metBlock' | 'metLog' | 'metSub' | 'receivedBlock'>

/** Changes that are read at a time to find the first receipt. */
const ROWS_AT_ONCE = 100

/** The order of a pair's changes. */
export const CHAIN_ORDER = ['block', 'log', 'sub'] as const

/**
 * How a pair was first met, from its stored changes, reads and hints; undefined if no stored row concerns it. Reads and
 * hints come last in their block. Hints of contracts that are not known to be tokens do not count.
 */
export function* meetingOf(pair: PairKey): Plan<Meeting | undefined> {
  const where = keyOf(pair)
  const asset = new Lookup(assets, [{ id: pair.asset }])
  const first = new Scan(changes, { where, order: CHAIN_ORDER, limit: 1 })
  const reads = new Scan(openings, { where, order: ['block'] })
  yield [asset, first, reads]
  const hint = yield* hintOf(pair, asset.rows[0])
  const [read] = reads.rows
  const meetings: MetAt[] = [hint, read?.block].flatMap((block) =>
    block === undefined ? [] : [metWithoutLog(block, pair.asset)],
  )
  const [change] = first.rows
  if (change !== undefined) meetings.push({ metBlock: change.block, metLog: change.log, metSub: change.sub })
  const [met] = meetings.sort(byMeeting)
  if (met === undefined) return undefined
  const positive = reads.rows.find(({ amount }) => amount > 0n)?.block
  const received = [yield* firstReceipt(pair), positive, hint].filter((block) => block !== undefined)
  return { ...met, receivedBlock: received.length === 0 ? undefined : Math.min(...received) }
}

/** The last block with a change of the pair. */
export function* lastChange(pair: PairKey, through?: number): Plan<Row<typeof changes> | undefined> {
  const bound = through === undefined ? {} : { through: [through] }
  const last = { where: keyOf(pair), order: CHAIN_ORDER, descending: true, limit: 1, ...bound }
  return (yield* scan(changes, last))[0]
}

function* hintOf(pair: PairKey, asset: Row<typeof assets> | undefined): Plan<number | undefined> {
  if (asset?.firstBlock === undefined) return undefined
  const { reference, standard } = asset
  const [hint] = yield* lookup(hints, [{ reference, standard, account: pair.account, item: pair.item }])
  return hint?.block
}

/** The block of the first transfer that the account received. Only transfers tell it for changes of 0. */
function* firstReceipt(pair: PairKey): Plan<number | undefined> {
  const range = {
    where: keyOf(pair),
    order: CHAIN_ORDER,
    outside: { column: 'delta', most: -1n },
    limit: ROWS_AT_ONCE,
  } as const
  let rows = yield* scan(changes, { ...range, limit: 1 })
  for (;;) {
    const positive = rows.findIndex(({ delta }) => delta > 0n)
    const unclear = positive === -1 ? rows : rows.slice(0, positive)
    const moved = yield* lookup(
      transfers,
      unclear.map(({ block, log, sub }) => ({ block, log, sub })),
    )
    const received = moved.find((transfer) => transfer?.receiver?.equals(pair.account) === true)
    if (received !== undefined) return received.block
    if (positive !== -1) return rows[positive]?.block
    const last = rows.at(-1)
    if (last === undefined) return undefined
    rows = yield* scan(changes, { ...range, after: [last.block, last.log, last.sub] })
  }
}
