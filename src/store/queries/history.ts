import { isAmount } from '../../core/amount.ts'
import { decodeAmount, encodeItem } from '../../journal/amount-codec.ts'
import { decodeHash } from '../../journal/hash-codec.ts'
import { bytes, int, nullable, type Row } from '../rows/columns.ts'
import type { HeldBlock } from '../seam/chain-clock.ts'
import type { BalanceChange, ChangesPage, ChangesQuery, FilteredTransfers, TransferFilter } from '../seam/history.ts'
import type { StoredAsset } from '../seam/store.ts'
import { boundsOf } from './block-bounds.ts'
import type { ReadContext } from './context.ts'
import { blockAt, isAnyRefuted } from './positions.ts'
import { type Query, rowOf, rowsOf } from './query.ts'
import { findTransfers } from './transfer-finder.ts'

/** The statements that list, by name, so that a test can check that no plan scans a table. */
export const HISTORY_STATEMENTS = {
  /** The rows of one event are one change, with the sum after the last of them. */
  changes: `SELECT k.block, k.log, k.sum, b.hash, b.timestamp FROM (
      SELECT c.block, c.log, c.sum FROM changes c
      WHERE c.account = ? AND c.asset = ? AND c.item = ? AND c.block BETWEEN ? AND ? AND NOT EXISTS (
        SELECT 1 FROM changes n WHERE n.account = c.account AND n.asset = c.asset AND n.item = c.item
          AND n.block = c.block AND n.log = c.log AND n.sub > c.sub)
      ORDER BY c.block, c.log LIMIT ? + 0
    ) k CROSS JOIN blocks b ON b.number = k.block ORDER BY k.block, k.log`,
  /** A token of the account that was reclassified or destroyed, or that has a balance which contradicts its events. */
  oddToken: `SELECT 1 FROM balances b WHERE account = ? AND item = x'' AND (
      EXISTS (SELECT 1 FROM turns t WHERE t.asset = b.asset)
      OR EXISTS (SELECT 1 FROM endings e WHERE e.asset = b.asset)
      OR EXISTS (SELECT 1 FROM doubts d WHERE d.asset = b.asset)
    ) LIMIT 1`,
}

const CHANGES = rowsOf(HISTORY_STATEMENTS.changes)
const HAS_ODD_TOKEN = rowOf(HISTORY_STATEMENTS.oddToken)
const POSITION = rowOf('SELECT opening, closed_block FROM balances WHERE account = ? AND asset = ? AND item = ?')
const SINCE = rowOf(
  'SELECT since FROM openings WHERE account = ? AND asset = ? AND item = ? ORDER BY block DESC LIMIT 1',
)
const IS_REFUTED = rowOf('SELECT 1 FROM refuted_pairs WHERE asset = ? AND account = ? AND item = ?')
const BLOCK_AT_TIME = rowOf(
  'SELECT number, hash, timestamp FROM blocks WHERE timestamp <= ? ORDER BY timestamp DESC, number DESC LIMIT 1',
)

type PairKey = readonly [account: Buffer, asset: number, item: Buffer]

/** As `HistoryReads.changes`. */
export function* changesPage(context: ReadContext, query: ChangesQuery): Query<ChangesPage> {
  const { assets, clock, codec } = context
  const asset = yield* assets.find(query.asset)
  if (asset === undefined) return { clock, rows: [], inDoubt: clock.inDoubt }
  const inDoubt = yield* isAnyRefuted(context, asset)
  const { first, last } = yield* boundsOf(query)
  const pair: PairKey = [codec.encode(query.account), asset.id, encodeItem(query.item)]
  const rows = first > last ? [] : yield [CHANGES, ...pair, first, last, query.limit]
  const amountAfter = yield* amountsOf(context, pair, asset)
  const isCut = rows.length === query.limit
  const isLastOfBlock = (at: number): boolean => (at + 1 < rows.length ? rows[at + 1]?.[0] !== rows[at]?.[0] : !isCut)
  const changes = rows.map((row, at) => changeOf(row, { amountAfter, isLastOfBlock: isLastOfBlock(at) }))
  return { clock, inDoubt, rows: changes }
}

type AmountAfter = (change: {
  readonly block: number
  readonly sum: bigint
  readonly isLastOfBlock: boolean
}) => bigint | undefined

/** Returns the amount after a change: the opening of its segment plus the running sum, while that is in range. */
function* amountsOf({ clock }: ReadContext, pair: PairKey, asset: StoredAsset): Query<AmountAfter> {
  const { accounting, eventsUntil } = asset
  const until = accounting === 'events' ? Number.POSITIVE_INFINITY : (eventsUntil ?? 0)
  const [row] = yield [POSITION, ...pair]
  const [account, id, item] = pair
  const isRefuted = clock.inDoubt || asset.inDoubt || (yield [IS_REFUTED, id, account, item]).length > 0
  const opening = nullable(row?.[0], (stored) => decodeAmount(bytes(stored)))
  // The events of a closed segment contradict themselves, so no earlier amount is proven either.
  const isClosed = nullable(row?.[1], int) !== undefined
  if (isRefuted || isClosed || opening === undefined) return () => undefined
  const [reopened] = yield [SINCE, ...pair]
  const since = nullable(reopened?.[0], int) ?? 0
  return ({ block, sum, isLastOfBlock }) => {
    // A read reopened the segment at the end of block `since`, so earlier changes in that block are not proven.
    const isProven = block > since || since === 0 || (block === since && isLastOfBlock)
    if (!isProven || block >= until) return undefined
    const amount = opening + sum
    // Within a block, contracts log in any order, so a sum may be out of range until its end.
    return isAmount(amount) ? amount : undefined
  }
}

function changeOf(
  row: Row,
  { amountAfter, isLastOfBlock }: { readonly amountAfter: AmountAfter; readonly isLastOfBlock: boolean },
): BalanceChange {
  const number = int(row[0])
  return {
    block: { number, hash: decodeHash(bytes(row[3])), timestamp: int(row[4]) },
    event: int(row[1]),
    amount: amountAfter({ block: number, sum: decodeAmount(bytes(row[2])), isLastOfBlock }),
  }
}

/** As `HistoryReads.transfers`. */
export function* filteredTransfers(context: ReadContext, filter: TransferFilter): Query<FilteredTransfers> {
  const { assets, clock } = context
  const block = filter.block === undefined ? undefined : yield* blockAt(filter.block)
  const asset = filter.asset === undefined ? undefined : yield* assets.find(filter.asset)
  if (filter.asset !== undefined && asset === undefined) {
    return { clock, block, count: 0, rows: [], inDoubt: clock.inDoubt }
  }
  const inDoubt = asset === undefined ? yield* mayLackSome(context, filter) : yield* isAnyRefuted(context, asset)
  return { clock, block, ...(yield* findTransfers(context, filter, asset?.id)), inDoubt }
}

/** As `HistoryReads.blockAt`. */
export function* blockAtTime({ clock: { published } }: ReadContext, timestamp: number): Query<HeldBlock | undefined> {
  if (published === undefined || published.timestamp <= timestamp) return published
  const [row] = yield [BLOCK_AT_TIME, timestamp]
  return row && { number: int(row[0]), hash: decodeHash(bytes(row[1])), timestamp: int(row[2]) }
}

/**
 * True if transfers of some token may be missing: logs are missing somewhere, or an account of the filter has a token
 * whose events do not give its balances.
 */
function* mayLackSome(
  { assets, clock: { inDoubt, doubts }, codec }: ReadContext,
  filter: TransferFilter,
): Query<boolean> {
  if (inDoubt || doubts.tokens > 0 || doubts.pairs > 0) return true
  for (const party of [filter.account, filter.from, filter.to]) {
    if (party === undefined) continue
    const account = codec.encode(party)
    if ((yield [HAS_ODD_TOKEN, account]).length > 0) return true
    for (const { id } of yield* assets.fixedReads()) {
      if ((yield [POSITION, account, id, encodeItem('')]).length > 0) return true
    }
  }
  return false
}
