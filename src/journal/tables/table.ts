/** The logical types of columns, each with the value that a row has in memory. */
export type ColumnValues = {
  readonly integer: number
  readonly text: string
  readonly flag: boolean
  /** An account, as its codec encodes it. */
  readonly bytes: Buffer
  /** Decimal text of an item's id; '' for a fungible asset or a roll-up. */
  readonly item: string
  /** Base units, also below zero. */
  readonly amount: bigint
  readonly hash: string
}

/** A logical type of a column. */
export type ColumnType = keyof ColumnValues

/** The type of a column; with a question mark if the column may have no value. */
export type Column = ColumnType | `${ColumnType}?`

/** The columns of a table by name, in the table's order. */
export type Columns = Readonly<Record<string, Column>>

/** The value of a column; undefined if it has none. */
export type Value = ColumnValues[ColumnType] | undefined

type ValueOf<C extends Column> = C extends `${infer T extends ColumnType}?`
  ? ColumnValues[T] | undefined
  : C extends ColumnType
    ? ColumnValues[C]
    : never

/**
 * A table of a chain's journal, as the rules know it. `name`: the name that engines store it by. Engines also derive the
 * names of columns: `metBlock` is stored as `met_block`. `key`: the columns that identify a row.
 */
export type Table<C extends Columns = Columns, K extends string = string> = {
  readonly name: string
  readonly columns: C
  readonly key: readonly K[]
}

/** A row of a table. */
export type Row<T extends Table> = RowOf<T['columns']>

type RowOf<C extends Columns> = { readonly [N in keyof C]: ValueOf<C[N]> }

/** The key of a row. */
export type Key<T extends Table> = Pick<Row<T>, T['key'][number] & keyof T['columns']>

/** The name of a column. */
export type ColumnOf<T extends Table> = keyof T['columns'] & string

/** Describes a table. */
export function table<const C extends Columns, K extends keyof C & string>(
  name: string,
  columns: C,
  key: readonly K[],
): Table<C, K> {
  return { name, columns, key }
}

/** The logical type of a column, and whether it may have no value. */
export function typeOf(column: Column): { readonly type: ColumnType; readonly isOptional: boolean } {
  const isOptional = column.endsWith('?')
  return { type: TYPES[column], isOptional }
}

const TYPES: Readonly<Record<Column, ColumnType>> = {
  integer: 'integer',
  'integer?': 'integer',
  text: 'text',
  'text?': 'text',
  flag: 'flag',
  'flag?': 'flag',
  bytes: 'bytes',
  'bytes?': 'bytes',
  item: 'item',
  'item?': 'item',
  amount: 'amount',
  'amount?': 'amount',
  hash: 'hash',
  'hash?': 'hash',
}
