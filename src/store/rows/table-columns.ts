import type { AnyRow, AnyScan } from '../../journal/plan.ts'
import type { Table, Value } from '../../journal/tables/table.ts'
import type { Row } from './columns.ts'
import { decodeRow, encodeValue, type Stored, type StoredColumn, storedColumns } from './journal-codec.ts'

/** What engines write differently: bytes of no length, and the parameter of a limit. */
export type Wording = { readonly noBytes: string; readonly limit: string }

/** A part of a statement, and the values of its parameters in order. */
export type Part = { readonly sql: string; readonly values: Stored[] }

/** The columns of a journal's table, and what statements say of them in SQL. */
export class TableColumns {
  readonly all: readonly StoredColumn[]
  readonly key: readonly StoredColumn[]
  readonly #table: string
  readonly #wording: Wording
  /** A row without values. Copies of it have their shape from the start. */
  readonly #empty: AnyRow
  readonly #byName: ReadonlyMap<string, StoredColumn>

  constructor(table: Table, wording: Wording) {
    this.#table = table.name
    this.#wording = wording
    this.all = storedColumns(table)
    this.#empty = Object.fromEntries(this.all.map(({ name }) => [name, undefined]))
    this.#byName = new Map(this.all.map((column) => [column.name, column]))
    this.key = this.named(table.key)
  }

  /** What an insertion says behind its rows, so that their numbers are added to those of stored rows with their keys. */
  get adding(): string {
    const others = this.all.filter((column) => !this.key.includes(column))
    const sums = others.map(({ sql }) => `${sql} = ${this.#table}.${sql} + excluded.${sql}`)
    return ` ON CONFLICT (${namesOf(this.key)}) DO UPDATE SET ${sums.join(', ')}`
  }

  named(names: readonly string[]): readonly StoredColumn[] {
    return names.map((name) => this.#one(name))
  }

  /** The row of the stored values of some columns, or of all. @throws DamagedValue */
  row(values: Row, columns: readonly StoredColumn[] = this.all): Record<string, Value> {
    return decodeRow(columns, values, this.#empty)
  }

  /** What a scan says behind the table's name. */
  scan({ range }: AnyScan): Part {
    const { where = {}, order, descending = false, after, through, outside, limit } = range
    const values: Stored[] = []
    const conditions = this.#equal(where, values)
    const bound = (operator: string, of: readonly Value[]): void => {
      const columns = this.named(order.slice(0, of.length))
      values.push(...columns.map(({ type }, index) => encodeValue(of[index], type)))
      const [names, marks] = [namesOf(columns), of.map(() => '?').join(', ')]
      conditions.push(of.length === 1 ? `${names} ${operator} ${marks}` : `(${names}) ${operator} (${marks})`)
    }
    if (after !== undefined) bound('>', after)
    if (through !== undefined) bound('<=', through)
    if (outside !== undefined) {
      const { least, most } = outside
      const { sql, type } = this.#one(outside.column)
      conditions.push(least === undefined ? `${sql} > ?` : `(${sql} < ? OR ${sql} > ?)`)
      values.push(...(least === undefined ? [] : [encodeValue(least, type)]), encodeValue(most, type))
    }
    if (limit !== undefined) values.push(limit)
    const sorted = this.named(order).map(({ sql }) => `${sql}${descending ? ' DESC' : ''}`)
    const end = limit === undefined ? '' : ` LIMIT ${this.#wording.limit}`
    return { sql: `${filterOf(conditions)} ORDER BY ${sorted.join(', ')}${end}`, values }
  }

  /** What a statement says behind the table's name to find the rows with these values. */
  filter(where: Partial<AnyRow>): Part {
    const values: Stored[] = []
    return { sql: filterOf(this.#equal(where, values)), values }
  }

  /** Conditions that columns have these values, whose stored values are added to `values`. */
  #equal(where: Partial<AnyRow>, values: Stored[]): string[] {
    return Object.entries(where).map(([name, value]) => {
      const { sql, type } = this.#one(name)
      const stored = encodeValue(value, type)
      if (stored === null) return `${sql} IS NULL`
      // An index over a part of the rows is used only if the statement names that part.
      if (Buffer.isBuffer(stored) && stored.length === 0) return `${sql} = ${this.#wording.noBytes}`
      values.push(stored)
      return `${sql} = ?`
    })
  }

  #one(name: string): StoredColumn {
    const column = this.#byName.get(name)
    if (column === undefined) throw new TypeError(`the table ${this.#table} has no column ${name}`)
    return column
  }
}

/** The names of columns in SQL, with commas between. */
export function namesOf(columns: readonly StoredColumn[]): string {
  return columns.map(({ sql }) => sql).join(', ')
}

/** True if two values of a column are equal. */
export function isSameValue(a: Value, b: Value): boolean {
  return a === b || (Buffer.isBuffer(a) && Buffer.isBuffer(b) && a.equals(b))
}

function filterOf(conditions: readonly string[]): string {
  return conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`
}
