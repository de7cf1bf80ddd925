import type { AccountCodec } from '../../core/account.ts'
import { isReadable } from '../../core/balance.ts'
import { decodeItem } from '../../journal/amount-codec.ts'
import { bytes, int } from '../rows/columns.ts'
import type { StoredAsset } from '../seam/store.ts'
import { type Query, rowsOf } from './query.ts'
import type { Found, WalkCursor } from './walk-found.ts'

/** Replaces the block number in a cursor while a walk goes through a token's hints. */
export const HINTED = -2

const UP_TO = rowsOf(
  `SELECT block, account, item FROM hints WHERE reference = ? AND standard = ? AND block <= ?
   ORDER BY block DESC, account, item LIMIT ? + 0`,
)

/** Where a step of a walk begins, and how many rows it looks at. */
type Step = { readonly cursor: WalkCursor; readonly limit: number }

/**
 * Adds accounts that the hints of one token name, newest first, from a cursor on: HINTED, a block, and how many of its rows
 * are done. Block -1 is the end.
 */
export function* hintedPage(
  { codec, token }: { readonly codec: AccountCodec; readonly token: StoredAsset },
  { cursor, limit }: Step,
  found: Found,
): Query<{ readonly cursor: WalkCursor; readonly looked: number }> {
  const { id, asset } = token
  const [, first, done] = cursor
  const rows = yield [UP_TO, asset.reference, asset.standard, first, limit + done]
  let [block, behind] = [first, 0]
  for (const [at, row] of rows.entries()) {
    behind = int(row[0]) === block ? behind + 1 : 1
    block = int(row[0])
    if (at < done) continue
    const item = bytes(row[2])
    if (isReadable({ asset, item })) {
      found.add(id, { account: codec.decode(bytes(row[1])), asset, item: decodeItem(item) })
    }
    if (found.isFullOf(id) || found.isFull) return { cursor: [HINTED, block, behind], looked: at + 1 }
  }
  const isEnd = rows.length < limit + done
  return { cursor: isEnd ? [-1, 0, 0] : [HINTED, block, behind], looked: rows.length + 1 }
}
