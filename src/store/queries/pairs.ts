import { NO_ITEM } from '../../core/asset.ts'
import type { BalanceKey } from '../../core/balance.ts'
import { isFungible } from '../../core/standards.ts'
import { decodeAmount, encodeItem } from '../../journal/amount-codec.ts'
import { bytes, int, nullable } from '../rows/columns.ts'
import { readTransfer, TRANSFER_COLUMNS } from '../rows/transfer-rows.ts'
import type { StoredTransfer } from '../seam/chain-clock.ts'
import type { PairReads, PairSince } from '../seam/pairs.ts'
import { hides, type ReadContext } from './context.ts'
import { balance } from './positions.ts'
import { type Query, rowOf, rowsOf } from './query.ts'
import { sideBySide } from './side-by-side.ts'

type Met = Awaited<ReturnType<PairReads['met']>>

/** The statements of pairs, by name, so that a test can check that no plan scans a table. */
export const PAIR_STATEMENTS = {
  met: 'SELECT sender, receiver, asset FROM transfers WHERE block > ? AND block <= ? LIMIT ? + 0',
  least: 'SELECT min(sum) FROM changes WHERE account = ? AND asset = ? AND item = ? AND block > ?',
  later: transfersOf('>', 'ASC'),
  earlier: transfersOf('<', 'DESC'),
}

function transfersOf(side: '<' | '>', order: 'ASC' | 'DESC'): string {
  const by = (alias: string) => ['block', 'log', 'sub'].map((column) => `${alias}.${column} ${order}`).join(', ')
  return `SELECT ${TRANSFER_COLUMNS} FROM (
      SELECT c.block, c.log, c.sub FROM changes c
      WHERE c.account = ? AND c.asset = ? AND c.item = ? AND (c.block, c.log, c.sub) ${side} (?, ?, ?)
      ORDER BY ${by('c')} LIMIT ? + 0
    ) k CROSS JOIN transfers t ON t.block = k.block AND t.log = k.log AND t.sub = k.sub
    CROSS JOIN blocks b ON b.number = t.block ORDER BY ${by('k')}`
}

const POSITION = rowOf(
  'SELECT opening, closed_block, last_block, amount FROM balances WHERE account = ? AND asset = ? AND item = ?',
)
const SINCE = rowOf(
  'SELECT since FROM openings WHERE account = ? AND asset = ? AND item = ? ORDER BY block DESC LIMIT 1',
)
const TIME_OF = rowOf('SELECT timestamp FROM blocks WHERE number = ?')
const LEAST = rowOf(PAIR_STATEMENTS.least)
const MET = rowsOf(PAIR_STATEMENTS.met)
const LATER = rowsOf(PAIR_STATEMENTS.later)
const EARLIER = rowsOf(PAIR_STATEMENTS.earlier)

const NOTHING: PairSince = { atBlock: 0n, least: undefined, changedAt: undefined }
const BEGINNING = { block: -1, event: 0, part: 0 }
const END = { block: Number.MAX_SAFE_INTEGER, event: 0, part: 0 }

/** As `PairReads.since`. */
export function* pairsSince(
  context: ReadContext,
  keys: readonly BalanceKey[],
  block: number,
): Query<readonly PairSince[]> {
  return yield* sideBySide(keys.map((key) => pairSince(context, key, block)))
}

function* pairSince(context: ReadContext, key: BalanceKey, block: number): Query<PairSince> {
  const { assets, codec } = context
  const asset = yield* assets.find(key.asset)
  if (asset === undefined) return NOTHING
  const pair = [codec.encode(key.account), asset.id, encodeItem(key.item)] as const
  const [row] = yield [POSITION, ...pair]
  if (row === undefined || hides(context, key.account)) return NOTHING
  const [time] = yield [TIME_OF, int(row[2])]
  const changedAt = nullable(time?.[0], int)
  const opening = nullable(row[0], (stored) => decodeAmount(bytes(stored)))
  if (opening === undefined || row[1] !== null) return { atBlock: undefined, least: undefined, changedAt }
  const [reopened] = yield [SINCE, ...pair]
  const since = nullable(reopened?.[0], int) ?? 0
  const amount = nullable(row[3], (stored) => decodeAmount(bytes(stored)))
  // Mostly nothing happened since the block.
  const isSame = int(row[2]) <= block && since <= block
  if (isSame && amount !== undefined) return { atBlock: amount, least: undefined, changedAt }
  const before = yield* balance(context, key, block)
  // Without a row by that block, the account had not met the asset.
  const atBlock = before === undefined ? 0n : before.amount
  if (since > block) return { atBlock, least: undefined, changedAt }
  const [least] = yield [LEAST, ...pair, block]
  const sum = nullable(least?.[0], (stored) => decodeAmount(bytes(stored)))
  return { atBlock, least: sum === undefined ? undefined : opening + sum, changedAt }
}

/** As `PairReads.met`. */
export function* pairsMet(
  { assets, codec }: ReadContext,
  { after, through, limit }: Parameters<PairReads['met']>[0],
): Query<Met> {
  const rows = yield [MET, after, through, limit + 1]
  if (rows.length > limit) return undefined
  const met: NonNullable<Met>[number][] = []
  const ids = [...new Set(rows.map(([, , id]) => int(id)))]
  const found = yield* sideBySide(ids.map((id) => assets.byId(id)))
  const known = new Map(found.map(({ id, asset }) => [id, asset]))
  for (const [sender, receiver, id] of rows) {
    const asset = known.get(int(id))
    if (asset === undefined || !isFungible(asset.standard)) continue
    for (const side of [sender, receiver]) {
      const account = nullable(side, (stored) => codec.decode(bytes(stored)))
      if (account !== undefined) met.push({ account, asset })
    }
  }
  return met
}

/** As `PairReads.transfers`. */
export function* pairTransfers(
  context: ReadContext,
  query: Parameters<PairReads['transfers']>[0],
): Query<readonly StoredTransfer[]> {
  const { assets, codec } = context
  const asset = yield* assets.find(query.asset)
  if (asset === undefined || hides(context, query.account)) return []
  const pair = [codec.encode(query.account), asset.id, encodeItem(NO_ITEM)] as const
  const [place, end, statement] =
    'after' in query ? ([query.after, BEGINNING, LATER] as const) : ([query.before, END, EARLIER] as const)
  const { block, event, part } = place ?? end
  const rows = yield [statement, ...pair, block, event, part, query.limit]
  return rows.map((row) => readTransfer(row, { codec, asset: asset.asset }))
}
