import type { AccountCodec } from '../../../core/account.ts'
import type { StoredAsset, StoredTransfer, TransferQuery } from '../../seam/store.ts'
import { bytes, int, nullable, type Row, type SqliteDatabase, type Statement } from '../database.ts'
import { decodeAmount, decodeItem } from '../rows/amount-codec.ts'
import { decodeHash } from '../rows/hash-codec.ts'

/** Bounds that include every block. */
const ANY_BLOCK = { first: 0, last: Number.MAX_SAFE_INTEGER }

const COLUMNS = `t.block, t.log, t.sub, t.sender, t.receiver, t.item, t.amount, t.hash, b.hash, b.timestamp`
const NEWEST_FIRST = 'ORDER BY block DESC, log DESC, sub DESC'
/** Looks up only the rows of the page. Rows before it are skipped in an index. */
const ROWS_OF = (page: string) =>
  `SELECT ${COLUMNS} FROM (${page} ${NEWEST_FIRST} LIMIT ? OFFSET ?) JOIN transfers t USING (block, log, sub)
   JOIN blocks b ON b.number = t.block ORDER BY t.block DESC, t.log DESC, t.sub DESC`

/** Pages through one asset's transfers, newest first, of all accounts or of one. */
export class TransferReader {
  readonly #codec: AccountCodec
  readonly #s: ReturnType<typeof prepare>

  constructor(db: SqliteDatabase, codec: AccountCodec) {
    this.#codec = codec
    this.#s = prepare(db)
  }

  page(asset: StoredAsset, query: TransferQuery): { count: number; rows: StoredTransfer[] } {
    const bounds = this.#bounds(query)
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

  /** The blocks that match both the number range and the time range. */
  #bounds(query: TransferQuery): { first: number; last: number } {
    let first = query.fromBlock ?? ANY_BLOCK.first
    let last = query.toBlock ?? ANY_BLOCK.last
    if (query.fromTimestamp !== undefined) {
      const number = this.#s.firstSince.get(query.fromTimestamp)
      first = Math.max(first, nullable(number, int) ?? ANY_BLOCK.last)
    }
    if (query.toTimestamp !== undefined) {
      const number = this.#s.lastUntil.get(query.toTimestamp)
      last = Math.min(last, nullable(number, int) ?? -1)
    }
    return { first, last }
  }

  #rows(asset: StoredAsset, rows: readonly Row[]): StoredTransfer[] {
    const account = (value: unknown) => nullable(value, (stored) => this.#codec.decode(bytes(stored)))
    return rows.map((row) => {
      return {
        logIndex: int(row[1]),
        batchIndex: int(row[2]),
        asset: asset.asset,
        from: account(row[3]),
        to: account(row[4]),
        item: decodeItem(bytes(row[5])),
        amount: decodeAmount(bytes(row[6])),
        transactionHash: decodeHash(bytes(row[7])),
        block: { number: int(row[0]), hash: decodeHash(bytes(row[8])) },
        timestamp: int(row[9]),
      }
    })
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
    firstSince: sql('SELECT number FROM blocks WHERE timestamp >= ? ORDER BY timestamp, number LIMIT 1').pluck(),
    lastUntil: sql(
      'SELECT number FROM blocks WHERE timestamp <= ? ORDER BY timestamp DESC, number DESC LIMIT 1',
    ).pluck(),
  }
}
