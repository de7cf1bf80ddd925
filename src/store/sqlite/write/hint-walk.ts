import type { AccountCodec } from '../../../core/account.ts'
import { isReadable } from '../../../core/balance.ts'
import { decodeItem } from '../../../journal/amount-codec.ts'
import type { StoredAsset } from '../../seam/store.ts'
import { bytes, int, type RowStatement, type SqliteDatabase } from '../database.ts'
import type { Found, WalkCursor } from './walk-found.ts'

/** Replaces the block number in a cursor while a walk goes through a token's hints. */
export const HINTED = -2

/** Walks over the accounts that the hints of one token name, newest first. */
export class HintWalk {
  readonly #codec: AccountCodec
  readonly #upTo: RowStatement

  constructor(db: SqliteDatabase, codec: AccountCodec) {
    this.#codec = codec
    this.#upTo = db
      .prepare(
        `SELECT block, account, item FROM hints WHERE reference = ? AND standard = ? AND block <= ?
         ORDER BY block DESC, account, item LIMIT ? + 0`,
      )
      .raw()
  }

  /** Adds accounts from a cursor on: HINTED, a block, and how many of its rows are done. Block -1 is the end. */
  page(
    token: StoredAsset,
    { cursor, limit }: { readonly cursor: WalkCursor; readonly limit: number },
    found: Found,
  ): { readonly cursor: WalkCursor; readonly looked: number } {
    const { id, asset } = token
    const [, first, done] = cursor
    const rows = this.#upTo.all(asset.reference, asset.standard, first, limit + done)
    let [block, behind] = [first, 0]
    for (const [at, row] of rows.entries()) {
      behind = int(row[0]) === block ? behind + 1 : 1
      block = int(row[0])
      if (at < done) continue
      const item = bytes(row[2])
      if (isReadable({ asset: token.asset, item })) {
        found.add(id, { account: this.#codec.decode(bytes(row[1])), asset, item: decodeItem(item) })
      }
      if (found.isFullOf(id) || found.isFull) return { cursor: [HINTED, block, behind], looked: at + 1 }
    }
    const isEnd = rows.length < limit + done
    return { cursor: isEnd ? [-1, 0, 0] : [HINTED, block, behind], looked: rows.length + 1 }
  }
}
