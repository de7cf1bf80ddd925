import type { AssetRef } from '../../core/asset.ts'
import type { BalanceKey } from '../../core/balance.ts'
import { decodeItem } from '../../journal/amount-codec.ts'
import { decodeHash } from '../../journal/hash-codec.ts'
import { forgetSupplies } from '../../journal/rules/settle-doubts.ts'
import { bytes, int, nullable, type Row } from '../rows/columns.ts'
import { DOUBT_COLUMNS, isRechecking, readDoubts } from '../rows/doubt-rows.ts'
import { type DoubtPage, type DoubtWork, NO_DOUBTS } from '../seam/doubts.ts'
import { planned, type Query, rowOf, rowsOf, type Work } from './query.ts'
import type { WriterMemory } from './writer.ts'

/** Supplies in doubt, and uncertain classes, in one page: as many as one round of the audit compares. */
const MAX_SUPPLIES = 50

const PAIRS = 'SELECT asset, account, item FROM refuted_pairs WHERE (asset, account, item)'
const IN_ORDER = 'ORDER BY asset, account, item LIMIT ? + 0'
const AFTER = rowsOf(`${PAIRS} > (?, ?, ?) ${IN_ORDER}`)
const UP_TO = rowsOf(`${PAIRS} <= (?, ?, ?) ${IN_ORDER}`)
const SUPPLIES = rowsOf('SELECT asset FROM refuted_assets WHERE supply = 1 ORDER BY asset LIMIT ? + 0')
const CLASSES = rowsOf('SELECT asset, account, code_at FROM turns WHERE code_at IS NOT NULL LIMIT ? + 0')
const STATE = rowOf(`SELECT ${DOUBT_COLUMNS} FROM in_doubt`)
const PROOFS = rowsOf('SELECT block, hash FROM log_proofs ORDER BY id')

/** As `DoubtStore.state`. */
export function* doubtWork(): Query<DoubtWork> {
  const [row] = yield [STATE]
  if (row === undefined) return { ...NO_DOUBTS, rechecking: false, proofs: [] }
  const proofs = (yield [PROOFS]).map(([number, hash]) => ({ number: int(number), hash: decodeHash(bytes(hash)) }))
  return { ...readDoubts(row), rechecking: isRechecking(row), proofs }
}

/** As `DoubtStore.next`. */
export function* doubtPage(memory: WriterMemory, cursor: string, limit: number): Work<DoubtPage> {
  const { assets, rules } = memory
  const { decode } = rules.codec
  const [asset = '0', account = '', item = ''] = cursor.split('/')
  const from = [Number(asset), Buffer.from(account, 'hex'), Buffer.from(item, 'hex')] as const
  const rows = [...(yield [AFTER, ...from, limit])]
  if (rows.length < limit) rows.push(...(yield [UP_TO, ...from, limit - rows.length]))
  const last = rows.at(-1)
  const keys: BalanceKey[] = []
  for (const row of rows) {
    const stored = yield* assets.byId(int(row[0]))
    keys.push({ account: decode(bytes(row[1])), asset: stored.asset, item: decodeItem(bytes(row[2])) })
  }
  const supplies = yield* supplied(
    memory,
    (yield [SUPPLIES, MAX_SUPPLIES]).map(([id]) => int(id)),
  )
  const unsure: DoubtPage['unsure'][number][] = []
  for (const row of yield [CLASSES, MAX_SUPPLIES]) {
    const stored = yield* assets.byId(int(row[0]))
    unsure.push({ asset: stored.asset, account: nullable(row[1], (one) => decode(bytes(one))), at: int(row[2]) })
  }
  return { keys, supplies, unsure, cursor: last === undefined ? '' : cursorOf(last) }
}

/**
 * The tokens of refuted supplies. If a contract turned out to have only items, it has no supply of units: removes the
 * mark.
 */
function* supplied({ assets, rules }: WriterMemory, ids: readonly number[]): Work<readonly AssetRef[]> {
  const lost: number[] = []
  const others: AssetRef[] = []
  for (const id of ids) {
    const { asset } = yield* assets.byId(id)
    if (yield* assets.hasItemsOnly(asset)) lost.push(id)
    else others.push(asset)
  }
  yield* planned(forgetSupplies(lost, rules))
  return others
}

function cursorOf(row: Row): string {
  return `${int(row[0])}/${bytes(row[1]).toString('hex')}/${bytes(row[2]).toString('hex')}`
}
