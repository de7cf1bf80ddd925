import type { AccountCodec } from '../../../core/account.ts'
import type { BalanceKey } from '../../../core/balance.ts'
import type { BlockRef } from '../../../core/block.ts'
import { decodeItem, encodeItem } from '../../../journal/amount-codec.ts'
import { decodeHash } from '../../../journal/hash-codec.ts'
import type { PositionQuery } from '../../seam/positions.ts'
import type { StoredAsset } from '../../seam/store.ts'
import { bytes, int, type Row, type RowStatement, type SqliteDatabase, type Statement } from '../database.ts'
import type { AssetTable } from '../rows/asset-table.ts'
import { keyAt, shareOf } from '../rows/key-share.ts'

/** Sorts before every asset id. */
const NO_ASSET = 0
const NO_ITEM_BYTES = Buffer.alloc(0)

/** The keys of one page of a walk, and the key where the next page begins. */
export type Step = {
  readonly found: readonly { readonly account: string; readonly asset: StoredAsset; readonly item: string }[]
  readonly next: BalanceKey | undefined
  readonly share: number
}

/** Walks over the keys of all positions in key order, a bounded number per call. Runs inside a snapshot. */
export class PositionWalker {
  readonly #codec: AccountCodec
  readonly #assets: AssetTable
  readonly #all: RowStatement
  readonly #ofAccount: RowStatement
  readonly #hash: Statement

  constructor(db: SqliteDatabase, deps: { readonly codec: AccountCodec; readonly assets: AssetTable }) {
    this.#codec = deps.codec
    this.#assets = deps.assets
    const sql = (text: string): Statement => db.prepare(text)
    this.#all = sql(
      `SELECT account, asset, item FROM balances WHERE (account, asset, item) > (?, ?, ?)
       ORDER BY account, asset, item LIMIT ? + 0`,
    ).raw()
    this.#ofAccount = sql(
      `SELECT account, asset, item FROM balances WHERE account = ? AND (asset, item) > (?, ?)
       ORDER BY asset, item LIMIT ? + 0`,
    ).raw()
    this.#hash = sql('SELECT hash FROM blocks WHERE number = ?').pluck()
  }

  /**
   * False if a reorg removed the block. Blocks below the finalized head may have no stored hash; they cannot be
   * removed.
   */
  holds(block: BlockRef, published: BlockRef | undefined): boolean {
    if (published === undefined || published.number < block.number) return false
    const hash = this.#hash.get(block.number)
    return hash === undefined || decodeHash(bytes(hash)) === block.hash
  }

  next(query: PositionQuery): Step {
    const rows = this.#rows(query)
    const wanted = this.#wanted(query)
    const found = rows.flatMap((row) => {
      const id = int(row[1])
      if (wanted !== undefined && !wanted.has(id)) return []
      return [{ account: this.#account(row), asset: this.#assets.byId(id), item: decodeItem(bytes(row[2])) }]
    })
    const last = rows.at(-1)
    if (last === undefined || rows.length < query.limit) return { found, next: undefined, share: 1 }
    const { asset } = this.#assets.byId(int(last[1]))
    const next = { account: this.#account(last), asset, item: decodeItem(bytes(last[2])) }
    return { found, next, share: shareOf(bytes(last[0]), this.#codec) }
  }

  #rows({ after, account, limit }: PositionQuery): readonly Row[] {
    const cursor = 'share' in after ? undefined : after
    const id = cursor === undefined ? NO_ASSET : (this.#assets.find(cursor.asset)?.id ?? NO_ASSET)
    const pair = [id, cursor === undefined ? NO_ITEM_BYTES : encodeItem(cursor.item)]
    if (account !== undefined) return this.#ofAccount.all(this.#codec.encode(account), ...pair, limit)
    const from = 'share' in after ? keyAt(after.share, this.#codec) : this.#codec.encode(after.account)
    return this.#all.all(from, ...pair, limit)
  }

  #wanted({ assets }: PositionQuery): ReadonlySet<number> | undefined {
    return assets && new Set(assets.flatMap((asset) => this.#assets.find(asset)?.id ?? []))
  }

  #account(row: Row): string {
    return this.#codec.decode(bytes(row[0]))
  }
}
