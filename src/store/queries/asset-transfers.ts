import type { AccountCodec } from '../../core/account.ts'
import { int } from '../rows/columns.ts'
import { readTransfer, TRANSFER_COLUMNS } from '../rows/transfer-rows.ts'
import type { StoredTransfer } from '../seam/chain-clock.ts'
import type { StoredAsset, TransferQuery } from '../seam/store.ts'
import { ANY_BLOCK, boundsOf } from './block-bounds.ts'
import { type Query, rowOf, rowsOf, type Sql, type Value } from './query.ts'

const NEWEST_FIRST = 'ORDER BY block DESC, log DESC, sub DESC'
/** Looks up only the rows of the page. Rows before it are skipped in an index. */
const pageOf = (keys: string) =>
  rowsOf(`SELECT ${TRANSFER_COLUMNS} FROM (${keys} ${NEWEST_FIRST} LIMIT ? + 0 OFFSET ? + 0) k
   JOIN transfers t ON t.block = k.block AND t.log = k.log AND t.sub = k.sub
   JOIN blocks b ON b.number = t.block ORDER BY t.block DESC, t.log DESC, t.sub DESC`)

const OF_ACCOUNT = "FROM changes WHERE account = ? AND asset = ? AND item = x'' AND block BETWEEN ? AND ?"
const OF_ASSET = 'FROM transfers WHERE asset = ? AND block BETWEEN ? AND ?'
const COUNT_OF_ASSET = rowOf('SELECT transfers FROM assets WHERE id = ?')
const COUNT_BETWEEN = rowOf(`SELECT count(*) ${OF_ASSET}`)
const COUNT_OF_ACCOUNT = rowOf(`SELECT count(*) ${OF_ACCOUNT}`)
const PAGE = pageOf(`SELECT block, log, sub ${OF_ASSET}`)
const PAGE_OF_ACCOUNT = pageOf(`SELECT block, log, sub ${OF_ACCOUNT}`)

/** A page of one asset's transfers, newest first, of all accounts or of one. */
export function* transfersPage(
  codec: AccountCodec,
  asset: StoredAsset,
  query: TransferQuery,
): Query<{ readonly count: number; readonly rows: readonly StoredTransfer[] }> {
  const { first, last } = yield* boundsOf(query)
  if (first > last) return { count: 0, rows: [] }
  const ofAccount = query.account === undefined ? [] : [codec.encode(query.account)]
  const where: readonly Value[] = [...ofAccount, asset.id, first, last]
  const isWhole = first === ANY_BLOCK.first && last === ANY_BLOCK.last
  const [countSql, pageSql]: readonly [Sql, Sql] =
    query.account === undefined ? [isWhole ? COUNT_OF_ASSET : COUNT_BETWEEN, PAGE] : [COUNT_OF_ACCOUNT, PAGE_OF_ACCOUNT]
  const [counted] = countSql === COUNT_OF_ASSET ? yield [countSql, asset.id] : yield [countSql, ...where]
  const count = int(counted?.[0])
  if (query.offset >= count) return { count, rows: [] }
  const rows = yield [pageSql, ...where, query.limit, query.offset]
  return { count, rows: rows.map((row) => readTransfer(row, { codec, asset: asset.asset })) }
}
