import type { AccountCodec } from '../../core/account.ts'
import type { BalanceKey } from '../../core/balance.ts'
import type { BlockRef } from '../../core/block.ts'
import { decodeItem, encodeItem } from '../../journal/amount-codec.ts'
import { decodeHash } from '../../journal/hash-codec.ts'
import { bytes, int, type Row } from '../rows/columns.ts'
import { keyAt, shareOf } from '../rows/key-share.ts'
import type { Position, PositionPage, PositionQuery } from '../seam/positions.ts'
import type { ReadContext } from './context.ts'
import { balanceOf } from './positions.ts'
import { type Query, rowOf, rowsOf } from './query.ts'
import { sideBySide } from './side-by-side.ts'

const ALL = rowsOf(
  `SELECT account, asset, item FROM balances WHERE (account, asset, item) > (?, ?, ?)
   ORDER BY account, asset, item LIMIT ? + 0`,
)
const OF_ACCOUNT = rowsOf(
  `SELECT account, asset, item FROM balances WHERE account = ? AND (asset, item) > (?, ?)
   ORDER BY asset, item LIMIT ? + 0`,
)
const HASH = rowOf('SELECT hash FROM blocks WHERE number = ?')

/** Sorts before every asset id. */
const NO_ASSET = 0
const NO_ITEM_BYTES = Buffer.alloc(0)

/** As `ChainReads.walk`: a bounded number of positions, in the order of their keys. */
export function* walkPage(context: ReadContext, query: PositionQuery): Query<PositionPage> {
  const { assets, codec } = context
  const holds = yield* isHeld(context, query.at)
  const keys = yield* keysOf(context, query)
  const wanted = yield* wantedIds(context, query)
  const read = keys.filter((row) => wanted === undefined || wanted.has(int(row[1])))
  const rows = (yield* sideBySide(read.map((row) => positionOf(context, row, query.at.number)))).flat()
  const last = keys.at(-1)
  if (last === undefined || keys.length < query.limit) return { holds, rows, next: undefined, share: 1 }
  const { asset } = yield* assets.byId(int(last[1]))
  return { holds, rows, next: keyOf(last, { codec, asset }), share: shareOf(bytes(last[0]), codec) }
}

/** The position of a key at a block; none if it is not shown. */
function* positionOf(context: ReadContext, row: Row, at: number): Query<readonly Position[]> {
  const { assets, codec } = context
  const asset = yield* assets.byId(int(row[1]))
  const key = keyOf(row, { codec, asset: asset.asset })
  const found = yield* balanceOf(context, { key, asset }, at)
  return found === undefined
    ? []
    : [{ ...key, amount: found.amount, accounting: asset.accounting, inDoubt: found.inDoubt }]
}

/**
 * False if a reorg removed the block. Blocks below the finalized head may have no stored hash; they cannot be
 * removed.
 */
function* isHeld({ clock: { published } }: ReadContext, block: BlockRef): Query<boolean> {
  if (published === undefined || published.number < block.number) return false
  const [row] = yield [HASH, block.number]
  return row === undefined || decodeHash(bytes(row[0])) === block.hash
}

function* keysOf({ assets, codec }: ReadContext, { after, account, limit }: PositionQuery): Query<readonly Row[]> {
  const cursor = 'share' in after ? undefined : after
  const stored = cursor === undefined ? undefined : yield* assets.find(cursor.asset)
  const pair = [stored?.id ?? NO_ASSET, cursor === undefined ? NO_ITEM_BYTES : encodeItem(cursor.item)] as const
  if (account !== undefined) return yield [OF_ACCOUNT, codec.encode(account), ...pair, limit]
  const from = 'share' in after ? keyAt(after.share, codec) : codec.encode(after.account)
  return yield [ALL, from, ...pair, limit]
}

function* wantedIds({ assets }: ReadContext, query: PositionQuery): Query<ReadonlySet<number> | undefined> {
  if (query.assets === undefined) return undefined
  const found = yield* sideBySide(query.assets.map((asset) => assets.find(asset)))
  return new Set(found.flatMap((stored) => stored?.id ?? []))
}

function keyOf(
  row: Row,
  { codec, asset }: { readonly codec: AccountCodec; readonly asset: BalanceKey['asset'] },
): BalanceKey {
  return { account: codec.decode(bytes(row[0])), asset, item: decodeItem(bytes(row[2])) }
}
