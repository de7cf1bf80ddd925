import { decodeAmount, decodeItem, encodeAmount, encodeItem } from '../../journal/amount-codec.ts'
import { decodeHash, encodeHash } from '../../journal/hash-codec.ts'
import type { AnyRow } from '../../journal/plan.ts'
import { type ColumnType, type Table, typeOf, type Value } from '../../journal/tables/table.ts'
import { bytes, int, type Row, text } from './columns.ts'

/** A value as engines store it. */
export type Stored = number | string | Buffer | null

/** A column of a journal's table: its name in rows and in SQL. */
export type StoredColumn = {
  readonly name: string
  readonly sql: string
  readonly type: ColumnType
  /** The value that a stored one, which is not null, stands for. @throws DamagedValue */
  readonly decode: (stored: unknown) => Value
}

/** The columns of a table, in its order. */
export function storedColumns(table: Table): readonly StoredColumn[] {
  return Object.entries(table.columns).map(([name, column]) => {
    const sql = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    const { type } = typeOf(column)
    return { name, sql, type, decode: DECODERS[type] }
  })
}

/** The value as it is stored. */
export function encodeValue(value: Value, type: ColumnType): Stored {
  if (typeof value === 'number') return value
  if (value === undefined) return null
  if (typeof value === 'bigint') return encodeAmount(value)
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value !== 'string') return value
  if (type === 'item') return encodeItem(value)
  return type === 'hash' ? encodeHash(value) : value
}

/** The values of a row's columns, as they are stored: `stored`, which has a place for each. */
export function encodeRow(columns: readonly StoredColumn[], row: Partial<AnyRow>, stored: Stored[]): readonly Stored[] {
  let [amount, encoded]: [Value, Stored] = [undefined, null]
  let at = 0
  for (const { name, type } of columns) {
    const value = row[name]
    // The amount of a balance is mostly its sum.
    if (typeof value === 'bigint') {
      if (value !== amount) {
        amount = value
        encoded = encodeAmount(value)
      }
      stored[at++] = encoded
    } else stored[at++] = encodeValue(value, type)
  }
  return stored
}

/** A row with the stored values of these columns. `empty`: a row of the table without values, which is copied. */
export function decodeRow(columns: readonly StoredColumn[], values: Row, empty: AnyRow): Record<string, Value> {
  const row: Record<string, Value> = { ...empty }
  let at = 0
  for (const { name, decode } of columns) {
    const value = values[at++]
    if (value !== null) row[name] = decode(value)
  }
  return row
}

const DECODERS: Readonly<Record<ColumnType, StoredColumn['decode']>> = {
  integer: int,
  bytes,
  amount: (stored) => decodeAmount(bytes(stored)),
  item: (stored) => decodeItem(bytes(stored)),
  flag: (stored) => int(stored) === 1,
  hash: (stored) => decodeHash(bytes(stored)),
  text,
}
