import { decodeAmount, decodeItem, encodeAmount, encodeItem } from '../../journal/amount-codec.ts'
import { decodeHash, encodeHash } from '../../journal/hash-codec.ts'
import type { AnyRow } from '../../journal/plan.ts'
import { type ColumnType, type Table, typeOf, type Value } from '../../journal/tables/table.ts'
import { bytes, int, type Row, text } from './columns.ts'

/** A value as engines store it. */
export type Stored = number | string | Buffer | null

/** A column of a journal's table, as engines have it. */
export type StoredColumn = {
  readonly name: string
  readonly sql: string
  readonly encode: (value: Value) => Stored
  readonly decode: (value: unknown) => Value
}

/** The columns of a table, in its order. */
export function storedColumns(table: Table): readonly StoredColumn[] {
  return Object.entries(table.columns).map(([name, column]) => {
    const { type, isOptional } = typeOf(column)
    const { encode, decode } = CODECS[type]
    return {
      name,
      sql: name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      encode: (value) => (value === undefined ? null : encode(value)),
      decode: isOptional ? (value) => (value === null ? undefined : decode(value)) : decode,
    }
  })
}

/** The row of values in the order of the columns. */
export function decodeRow(columns: readonly StoredColumn[], values: Row): AnyRow {
  const row: Record<string, Value> = {}
  for (let index = 0; index < columns.length; index++) {
    const column = columns[index]
    if (column !== undefined) row[column.name] = column.decode(values[index])
  }
  return row
}

type Codec = { readonly encode: (value: NonNullable<Value>) => Stored; readonly decode: (value: unknown) => Value }

function plain(value: NonNullable<Value>): Stored {
  if (typeof value === 'boolean' || typeof value === 'bigint') throw mistyped(value)
  return value
}

const CODECS: Readonly<Record<ColumnType, Codec>> = {
  integer: { encode: plain, decode: int },
  text: { encode: plain, decode: text },
  bytes: { encode: plain, decode: bytes },
  flag: { encode: (value) => (value === true ? 1 : 0), decode: (value) => int(value) === 1 },
  item: {
    encode: (value) => (typeof value === 'string' ? encodeItem(value) : raise(value)),
    decode: (value) => decodeItem(bytes(value)),
  },
  amount: {
    encode: (value) => (typeof value === 'bigint' ? encodeAmount(value) : raise(value)),
    decode: (value) => decodeAmount(bytes(value)),
  },
  hash: {
    encode: (value) => (typeof value === 'string' ? encodeHash(value) : raise(value)),
    decode: (value) => decodeHash(bytes(value)),
  },
}

function raise(value: NonNullable<Value>): never {
  throw mistyped(value)
}

function mistyped(value: NonNullable<Value>): TypeError {
  return new TypeError(`a row has a value of another type: ${typeof value}`)
}
