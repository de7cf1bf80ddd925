import type { AnyCount, AnyLookup, AnyRow, AnyScan, Need, TableChanges } from '../../../journal/plan.ts'
import type { ColumnType, Table } from '../../../journal/tables/table.ts'
import { int, type Row } from '../../rows/columns.ts'
import { encodeValue, type StoredColumn } from '../../rows/journal-codec.ts'
import { isSameValue, namesOf, TableColumns, type Wording } from '../../rows/table-columns.ts'
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

const WORDING: Wording = { noBytes: "''::bytea", limit: '?' }

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

/**
 * Applies the changes of distinct tables in one statement, however many rows they have. No part of it sees what the others do:
 * a table occurs once.
 */
export async function apply(queries: Queries, changes: readonly TableChanges[]): Promise<void> {
  const parts = changes.flatMap((one) => tableOf(one.table).changes(one))
  const last = parts.pop()
  if (last === undefined) return
  const values = [...parts, last].flatMap((part) => part.values)
  const first = parts.map(({ sql }, index) => `w${index} AS (${sql})`)
  await queries.run(first.length === 0 ? last.sql : `WITH ${first.join(', ')} ${last.sql}`, ...values)
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
  readonly #name: string
  readonly #columns: TableColumns

  constructor(table: Table) {
    this.#name = table.name
    this.#columns = new TableColumns(table, WORDING)
  }

  /** The row of the stored values of all columns. */
  row(values: Row): AnyRow {
    return this.#columns.row(values)
  }

  /** The rows, each after its number in the list of keys, from 1. */
  lookup({ keys, by }: AnyLookup): Bound {
    const columns = this.#columns.named(by)
    const on = columns.map(({ sql }) => `t.${sql} = k.${sql}`).join(' AND ')
    const found = this.#columns.all.map(({ sql }) => `t.${sql}`).join(', ')
    const keyed = `unnest(${arraysOf(columns)}) WITH ORDINALITY AS k (${namesOf(columns)}, n)`
    const isKey = columns.length === this.#columns.key.length && this.#columns.key.every((one) => columns.includes(one))
    // Other columns than the key may be those of very many rows, of which one is wanted.
    const from = isKey
      ? `${keyed} JOIN ${this.#name} t ON ${on}`
      : `${keyed} CROSS JOIN LATERAL (SELECT * FROM ${this.#name} t WHERE ${on} LIMIT 1) t`
    return { sql: `SELECT k.n, ${found} FROM ${from}`, values: transposed(columns, keys) }
  }

  scan(scan: AnyScan): Bound {
    const { sql, values } = this.#columns.scan(scan)
    return { sql: `SELECT ${namesOf(this.#columns.all)} FROM ${this.#name}${sql}`, values }
  }

  count({ where, limit }: AnyCount): Bound {
    const { sql, values } = this.#columns.filter(where)
    return { sql: `SELECT count(*) FROM (SELECT 1 FROM ${this.#name}${sql} LIMIT ?) c`, values: [...values, limit] }
  }

  changes({ inserted, updated, added, deleted }: TableChanges): readonly Bound[] {
    const statements: Bound[] = []
    const { all, key } = this.#columns
    const on = key.map(({ sql }) => `t.${sql} = u.${sql}`).join(' AND ')
    if (deleted.length > 0) {
      const from = `unnest(${arraysOf(key)}) AS u (${namesOf(key)})`
      const sql = `DELETE FROM ${this.#name} t USING ${from} WHERE ${on}`
      statements.push({ sql, values: transposed(key, deleted) })
    }
    const insertion = `INSERT INTO ${this.#name} (${namesOf(all)}) SELECT * FROM unnest(${arraysOf(all)})`
    if (inserted.length > 0) statements.push({ sql: insertion, values: transposed(all, inserted) })
    if (added.length > 0) {
      statements.push({ sql: `${insertion}${this.#columns.adding}`, values: transposed(all, added) })
    }
    // Only columns that differ in some row, so that indexes over others stay as they are.
    const set = all.filter(({ name }) => updated.some(({ before, after }) => !isSameValue(before[name], after[name])))
    if (set.length > 0) {
      const columns = [...key, ...set.filter((column) => !key.includes(column))]
      const from = `unnest(${arraysOf(columns)}) AS u (${namesOf(columns)})`
      const to = set.map(({ sql }) => `${sql} = u.${sql}`).join(', ')
      const values = transposed(
        columns,
        updated.map(({ after }) => after),
      )
      statements.push({ sql: `UPDATE ${this.#name} t SET ${to} FROM ${from} WHERE ${on}`, values })
    }
    return statements
  }
}

function arraysOf(columns: readonly StoredColumn[]): string {
  return columns.map(({ type }) => `?::${SQL_TYPES[type]}[]`).join(', ')
}

/** The stored values of rows, as one list for each column. */
function transposed(columns: readonly StoredColumn[], rows: readonly Partial<AnyRow>[]): readonly Parameter[] {
  return columns.map(({ name, type }) => rows.map((row) => encodeValue(row[name], type)))
}
