import type { AccountCodec } from '../../../core/account.ts'
import type { StoredTransfer } from '../../seam/chain-clock.ts'
import type { StoredAsset, TransferQuery } from '../../seam/store.ts'
import { int, type Row, type SqliteDatabase, type Statement } from '../database.ts'
import { ANY_BLOCK, BlockBounds } from './block-bounds.ts'
import { readTransfer, TRANSFER_COLUMNS } from './transfer-rows.ts'

const NEWEST_FIRST = 'ORDER BY block DESC, log DESC, sub DESC'
/** Looks up only the rows of the page. Rows before it are skipped in an index. */
const ROWS_OF = (page: string) =>
  `SELECT ${TRANSFER_COLUMNS} FROM (${page} ${NEWEST_FIRST} LIMIT ? + 0 OFFSET ? + 0) JOIN transfers t USING (block, log, sub)
   JOIN blocks b ON b.number = t.block ORDER BY t.block DESC, t.log DESC, t.sub DESC`

/** Pages through one asset's transfers, newest first, of all accounts or of one. */
export class TransferReader {
  readonly #codec: AccountCodec
  readonly #bounds: BlockBounds
  readonly #s: ReturnType<typeof prepare>

  constructor(db: SqliteDatabase, codec: AccountCodec) {
    this.#codec = codec
    this.#bounds = new BlockBounds(db)
    this.#s = prepare(db)
  }

  page(asset: StoredAsset, query: TransferQuery): { count: number; rows: StoredTransfer[] } {
    const bounds = this.#bounds.of(query)
    if (bounds.first > bounds.last) return { count: 0, rows: [] }
    const where = [asset.id, bounds.first, bounds.last]
    if (query.account !== undefined) {
      const of = [this.#codec.encode(query.account), ...where]
      const count = int(this.#s.countOfAccount.get(...of))
      if (query.offset >= count) return { count, rows: [] }
      return { count, rows: this.#rows(asset, this.#s.pageOfAccount.all(...of, query.limit, query.offset)) }
    }
    const all = bounds.first === ANY_BLOCK.first && bounds.last === ANY_BLOCK.last
    const count = int(all ? this.#s.countOfAsset.get(asset.id) : this.#s.countBetween.get(...where))
    if (query.offset >= count) return { count, rows: [] }
    return { count, rows: this.#rows(asset, this.#s.page.all(...where, query.limit, query.offset)) }
  }

  #rows(asset: StoredAsset, rows: readonly Row[]): StoredTransfer[] {
    return rows.map((row) => readTransfer(row, { codec: this.#codec, asset: asset.asset }))
  }
}

function prepare(db: SqliteDatabase) {
  const sql = (text: string): Statement => db.prepare(text)
  const ofAccount = "FROM changes WHERE account = ? AND asset = ? AND item = x'' AND block BETWEEN ? AND ?"
  const ofAsset = 'FROM transfers WHERE asset = ? AND block BETWEEN ? AND ?'
  return {
    countOfAsset: sql('SELECT transfers FROM assets WHERE id = ?').pluck(),
    countBetween: sql(`SELECT count(*) ${ofAsset}`).pluck(),
    countOfAccount: sql(`SELECT count(*) ${ofAccount}`).pluck(),
    page: sql(ROWS_OF(`SELECT block, log, sub ${ofAsset}`)).raw(),
    pageOfAccount: sql(ROWS_OF(`SELECT block, log, sub ${ofAccount}`)).raw(),
  }
}
