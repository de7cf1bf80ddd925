import type { AnyCount, AnyLookup, AnyRow, AnyScan, Changeset, Need, TableChanges } from '../../../journal/plan.ts'
import type { ColumnType, Table, Value } from '../../../journal/tables/table.ts'
import { int, type Row } from '../../rows/columns.ts'
import { decodeRow, encodeValue, type StoredColumn, storedColumns } from '../../rows/journal-codec.ts'
import type { Value as Parameter, Queries } from '../database.ts'

/** The type of each column in SQL. */
const SQL_TYPES: Readonly<Record<ColumnType, string>> = {
  integer: 'bigint',
  text: 'text',
  flag: 'smallint',
  bytes: 'bytea',
  item: 'bytea',
  amount: 'bytea',
  hash: 'bytea',
}

/** A statement with its parameters. */
type Bound = { readonly sql: string; readonly values: readonly Parameter[] }

/**
 * Answers a need in one statement, however many rows it asks for.
 * @throws DamagedValue a stored value is not one that we write
 */
export async function answer(queries: Queries, need: Need): Promise<void> {
  const table = tableOf(need.table)
  if (need.type === 'lookup') {
    const { sql, values } = table.lookup(need)
    const rows: (AnyRow | undefined)[] = need.keys.map(() => undefined)
    for (const row of await queries.all(sql, ...values)) rows[int(row[0]) - 1] = table.row(row.slice(1))
    need.rows = rows
  } else if (need.type === 'scan') {
    const { sql, values } = table.scan(need)
    need.rows = (await queries.all(sql, ...values)).map((row) => table.row(row))
  } else {
    const { sql, values } = table.count(need)
    need.count = int((await queries.get(sql, ...values))?.[0])
  }
}

/** Applies a changeset: up to three statements for each table, however many rows it changes. */
export async function apply(queries: Queries, changeset: Changeset): Promise<void> {
  for (const changes of changeset.tables) {
    for (const { sql, values } of tableOf(changes.table).changes(changes)) await queries.run(sql, ...values)
  }
}

const tables = new Map<Table, JournalTable>()

function tableOf(table: Table): JournalTable {
  let known = tables.get(table)
  if (known === undefined) {
    known = new JournalTable(table)
    tables.set(table, known)
  }
  return known
}

/** The statements of one table. Rows travel as one array for each column. */
class JournalTable {
  readonly columns: readonly StoredColumn[]
  readonly #name: string
  readonly #empty: AnyRow
  readonly #key: readonly StoredColumn[]
  readonly #byName: ReadonlyMap<string, StoredColumn>

  constructor(table: Table) {
    this.#name = table.name
    this.columns = storedColumns(table)
    this.#empty = Object.fromEntries(this.columns.map(({ name }) => [name, undefined]))
    this.#byName = new Map(this.columns.map((column) => [column.name, column]))
    this.#key = this.#named(table.key)
  }

  /** The row of the stored values of all columns. */
  row(values: Row): AnyRow {
    return decodeRow(this.columns, values, this.#empty)
  }

  /** The rows, each after its number in the list of keys, from 1. */
  lookup({ keys, by }: AnyLookup): Bound {
    const columns = this.#named(by)
    const on = columns.map(({ sql }) => `t.${sql} = k.${sql}`).join(' AND ')
    const names = columns.map(({ sql }) => sql).join(', ')
    const found = this.columns.map(({ sql }) => `t.${sql}`).join(', ')
    const from = `unnest(${arraysOf(columns)}) WITH ORDINALITY AS k (${names}, n) JOIN ${this.#name} t ON ${on}`
    return { sql: `SELECT k.n, ${found} FROM ${from}`, values: transposed(columns, keys) }
  }

  scan({ range }: AnyScan): Bound {
    const { where = {}, order, descending = false, after, through, outside, limit } = range
    const values: Parameter[] = []
    const conditions = this.#equal(where, values)
    const bound = (operator: string, of: readonly Value[]): void => {
      const columns = this.#named(order.slice(0, of.length))
      values.push(...columns.map(({ type }, index) => encodeValue(of[index], type)))
      conditions.push(`(${columns.map(({ sql }) => sql).join(', ')}) ${operator} (${of.map(() => '?').join(', ')})`)
    }
    if (after !== undefined) bound('>', after)
    if (through !== undefined) bound('<=', through)
    if (outside !== undefined) {
      const { type, sql } = this.#one(outside.column)
      const encode = (value: Value): Parameter => encodeValue(value, type)
      conditions.push(outside.least === undefined ? `${sql} > ?` : `(${sql} < ? OR ${sql} > ?)`)
      values.push(...(outside.least === undefined ? [] : [encode(outside.least)]), encode(outside.most))
    }
    if (limit !== undefined) values.push(limit)
    const sorted = this.#named(order).map(({ sql }) => `${sql}${descending ? ' DESC' : ''}`)
    const names = this.columns.map(({ sql }) => sql).join(', ')
    const rest = `${filterOf(conditions)} ORDER BY ${sorted.join(', ')}${limit === undefined ? '' : ' LIMIT ?'}`
    return { sql: `SELECT ${names} FROM ${this.#name}${rest}`, values }
  }

  count({ where, limit }: AnyCount): Bound {
    const values: Parameter[] = []
    const filter = filterOf(this.#equal(where, values))
    return { sql: `SELECT count(*) FROM (SELECT 1 FROM ${this.#name}${filter} LIMIT ?) c`, values: [...values, limit] }
  }

  changes({ inserted, updated, deleted }: TableChanges): readonly Bound[] {
    const statements: Bound[] = []
    const on = this.#key.map(({ sql }) => `t.${sql} = u.${sql}`).join(' AND ')
    if (deleted.length > 0) {
      const from = `unnest(${arraysOf(this.#key)}) AS u (${this.#key.map(({ sql }) => sql).join(', ')})`
      const sql = `DELETE FROM ${this.#name} t USING ${from} WHERE ${on}`
      statements.push({ sql, values: transposed(this.#key, deleted) })
    }
    const names = this.columns.map(({ sql }) => sql).join(', ')
    if (inserted.length > 0) {
      const sql = `INSERT INTO ${this.#name} (${names}) SELECT * FROM unnest(${arraysOf(this.columns)})`
      statements.push({ sql, values: transposed(this.columns, inserted) })
    }
    // Only columns that differ in some row, so that indexes over others stay as they are.
    const set = this.columns.filter(({ name }) =>
      updated.some(({ before, after }) => !isSame(before[name], after[name])),
    )
    if (set.length > 0) {
      const columns = [...this.#key, ...set.filter((column) => !this.#key.includes(column))]
      const from = `unnest(${arraysOf(columns)}) AS u (${columns.map(({ sql }) => sql).join(', ')})`
      const to = set.map(({ sql }) => `${sql} = u.${sql}`).join(', ')
      const values = transposed(
        columns,
        updated.map(({ after }) => after),
      )
      statements.push({ sql: `UPDATE ${this.#name} t SET ${to} FROM ${from} WHERE ${on}`, values })
    }
    return statements
  }

  /** Conditions that columns have these values, whose stored values are added to `values`. */
  #equal(where: Partial<AnyRow>, values: Parameter[]): string[] {
    return Object.entries(where).map(([name, value]) => {
      const { sql, type } = this.#one(name)
      const stored = encodeValue(value, type)
      if (stored === null) return `${sql} IS NULL`
      // An index over a part of the rows is used only if the statement names that part.
      if (Buffer.isBuffer(stored) && stored.length === 0) return `${sql} = ''::bytea`
      values.push(stored)
      return `${sql} = ?`
    })
  }

  #named(names: readonly string[]): readonly StoredColumn[] {
    return names.map((name) => this.#one(name))
  }

  #one(name: string): StoredColumn {
    const column = this.#byName.get(name)
    if (column === undefined) throw new TypeError(`the table ${this.#name} has no column ${name}`)
    return column
  }
}

function filterOf(conditions: readonly string[]): string {
  return conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`
}

function arraysOf(columns: readonly StoredColumn[]): string {
  return columns.map(({ type }) => `?::${SQL_TYPES[type]}[]`).join(', ')
}

/** The stored values of rows, as one list for each column. */
function transposed(columns: readonly StoredColumn[], rows: readonly Partial<AnyRow>[]): readonly Parameter[] {
  return columns.map(({ name, type }) => rows.map((row) => encodeValue(row[name], type)))
}

function isSame(a: Value, b: Value): boolean {
  return a === b || (Buffer.isBuffer(a) && Buffer.isBuffer(b) && a.equals(b))
}
