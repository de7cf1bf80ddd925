import type { AnyCount, AnyLookup, AnyRow, AnyScan, Changeset, Need, TableChanges } from '../../../journal/plan.ts'
import type { Table, Value } from '../../../journal/tables/table.ts'
import {
  decodeRow,
  encodeValue,
  encodeValues,
  type Stored,
  type StoredColumn,
  storedColumns,
} from '../../rows/journal-codec.ts'
import { int, type RowStatement, type SqliteDatabase, type Statement } from '../database.ts'

/**
 * The tables of a journal in an SQLite file: answers the needs of plans and applies their changesets, with statements that
 * are prepared once. It knows no rule. Runs inside the journal's transaction. `written`: called with each table's changes.
 */
export class JournalTables {
  readonly #db: SqliteDatabase
  readonly #written: (changes: TableChanges) => void
  readonly #tables = new Map<Table, StoredTable>()

  constructor(db: SqliteDatabase, written: (changes: TableChanges) => void = () => undefined) {
    this.#db = db
    this.#written = written
  }

  answer(needs: readonly Need[]): void {
    for (const need of needs) {
      const table = this.#of(need.table)
      if (need.type === 'lookup') need.rows = table.lookup(need)
      else if (need.type === 'scan') need.rows = table.scan(need)
      else need.count = table.count(need)
    }
  }

  apply(changeset: Changeset): void {
    for (const changes of changeset.tables) {
      this.#of(changes.table).apply(changes)
      this.#written(changes)
    }
  }

  #of(table: Table): StoredTable {
    let stored = this.#tables.get(table)
    if (stored === undefined) {
      stored = new StoredTable(this.#db, table)
      this.#tables.set(table, stored)
    }
    return stored
  }
}

/** A look-up: the columns that are known, and those that are read. */
type LookupStatement = {
  readonly known: readonly StoredColumn[]
  readonly columns: readonly StoredColumn[]
  readonly statement: RowStatement
}

/** One table of the file. */
class StoredTable {
  readonly #db: SqliteDatabase
  readonly #table: Table
  readonly #columns: readonly StoredColumn[]
  /** A row without values. Copies of it have their shape from the start. */
  readonly #empty: AnyRow
  readonly #key: readonly StoredColumn[]
  readonly #byName: ReadonlyMap<string, StoredColumn>
  readonly #values: Stored[] = []
  readonly #lookups = new Map<string, LookupStatement>()
  readonly #rows = new Map<string, RowStatement>()
  readonly #others = new Map<string, Statement>()
  readonly #updates = new Map<number, { readonly statement: Statement; readonly columns: readonly StoredColumn[] }>()

  constructor(db: SqliteDatabase, table: Table) {
    this.#db = db
    this.#table = table
    this.#columns = storedColumns(table)
    this.#empty = Object.fromEntries(this.#columns.map(({ name }) => [name, undefined]))
    this.#byName = new Map(this.#columns.map((column) => [column.name, column]))
    this.#key = this.#named(table.key)
  }

  lookup({ keys, by }: AnyLookup): (AnyRow | undefined)[] {
    const [first] = by
    const name = by.join()
    let found = this.#lookups.get(name)
    if (found === undefined) {
      const known = this.#named(by)
      const others = this.#columns.filter(({ name }) => !by.includes(name))
      const where = known.map(({ sql }) => `${sql} = ?`).join(' AND ')
      // A row without other columns is shown to exist by one of its key.
      const columns = others.length === 0 ? this.#named(first === undefined ? [] : [first]) : others
      found = { known, columns, statement: this.#select(columns, `WHERE ${where}`) }
      this.#lookups.set(name, found)
    }
    const { known, columns, statement } = found
    return keys.map((key) => {
      const values = statement.get(...this.#encoded(known, key))
      if (values === undefined) return undefined
      const row = decodeRow(columns, values, this.#empty)
      for (const column of known) row[column.name] = key[column.name]
      return row
    })
  }

  scan({ range }: AnyScan): AnyRow[] {
    const { where = {}, order, descending = false, after, through, outside, limit } = range
    const values: Stored[] = []
    const conditions = this.#equal(where, values)
    const bound = (operator: string, of: readonly Value[]): void => {
      const columns = this.#named(order.slice(0, of.length))
      values.push(...columns.map(({ type }, index) => encodeValue(of[index], type)))
      const [names, marks] = [columns.map(({ sql }) => sql).join(', '), of.map(() => '?').join(', ')]
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
    const sorted = this.#named(order).map(({ sql }) => `${sql}${descending ? ' DESC' : ''}`)
    const filter = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')} `
    const statement = this.#select(
      this.#columns,
      `${filter}ORDER BY ${sorted.join(', ')}${limit === undefined ? '' : ' LIMIT ?'}`,
    )
    return statement.all(...values).map((row) => decodeRow(this.#columns, row, this.#empty))
  }

  count({ where, limit }: AnyCount): number {
    const values: Stored[] = []
    const conditions = this.#equal(where, values)
    const filter = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`
    const sql = `SELECT count(*) FROM (SELECT 1 FROM ${this.#table.name}${filter} LIMIT ?)`
    return int(this.#prepared(sql, (text) => this.#db.prepare(text).pluck()).get(...values, limit))
  }

  apply({ inserted, updated, deleted }: TableChanges): void {
    const { name } = this.#table
    const columns = this.#columns
    if (deleted.length > 0) {
      const key = this.#key.map(({ sql }) => `${sql} = ?`).join(' AND ')
      const statement = this.#prepared(`DELETE FROM ${name} WHERE ${key}`)
      for (const row of deleted) statement.run(...this.#encoded(this.#key, row))
    }
    if (inserted.length > 0) {
      const [names, marks] = [columns.map(({ sql }) => sql).join(', '), columns.map(() => '?').join(', ')]
      const statement = this.#prepared(`INSERT INTO ${name} (${names}) VALUES (${marks})`)
      for (const row of inserted) statement.run(...this.#encodedValues(columns, this.#table.values(row)))
    }
    for (const { before, after } of updated) this.#update(before, after)
  }

  /** Sets only the columns that differ, so that indexes over others stay as they are. */
  #update(before: AnyRow, after: AnyRow): void {
    const [old, fresh] = [this.#table.values(before), this.#table.values(after)]
    const values: Value[] = []
    let mask = 0
    for (let index = 0; index < fresh.length; index++) {
      if (isSame(old[index], fresh[index])) continue
      mask |= 1 << index
      values.push(fresh[index])
    }
    if (mask === 0) return
    let update = this.#updates.get(mask)
    if (update === undefined) {
      const set = this.#columns.filter((_, index) => (mask & (1 << index)) !== 0)
      const [values, key] = [set, this.#key].map((columns) => columns.map(({ sql }) => `${sql} = ?`))
      const sql = `UPDATE ${this.#table.name} SET ${values?.join(', ')} WHERE ${key?.join(' AND ')}`
      update = { statement: this.#db.prepare(sql), columns: [...set, ...this.#key] }
      this.#updates.set(mask, update)
    }
    for (const { name } of this.#key) values.push(after[name])
    update.statement.run(...this.#encodedValues(update.columns, values))
  }

  /** Conditions that columns have these values, whose stored values are added to `values`. */
  #equal(where: Partial<AnyRow>, values: Stored[]): string[] {
    return Object.entries(where).map(([name, value]) => {
      const { sql, type } = this.#one(name)
      const stored = encodeValue(value, type)
      if (stored === null) return `${sql} IS NULL`
      // SQLite uses an index over a part of the rows only if the statement names that part.
      if (Buffer.isBuffer(stored) && stored.length === 0) return `${sql} = x''`
      values.push(stored)
      return `${sql} = ?`
    })
  }

  /** The stored values of a row. The same array is used for the next row. */
  #encoded(columns: readonly StoredColumn[], row: Partial<AnyRow>): readonly Stored[] {
    return this.#encodedValues(
      columns,
      columns.map(({ name }) => row[name]),
    )
  }

  #encodedValues(columns: readonly StoredColumn[], values: readonly Value[]): readonly Stored[] {
    this.#values.length = 0
    encodeValues(columns, values, this.#values)
    return this.#values
  }

  #select(columns: readonly StoredColumn[], rest: string): RowStatement {
    const names = columns.map(({ sql }) => sql).join(', ')
    const text = `SELECT ${names} FROM ${this.#table.name} ${rest}`
    let statement = this.#rows.get(text)
    if (statement === undefined) {
      statement = this.#db.prepare(text).raw()
      this.#rows.set(text, statement)
    }
    return statement
  }

  #prepared(sql: string, prepare = (text: string): Statement => this.#db.prepare(text)): Statement {
    let statement = this.#others.get(sql)
    if (statement === undefined) {
      statement = prepare(sql)
      this.#others.set(sql, statement)
    }
    return statement
  }

  #named(names: readonly string[]): readonly StoredColumn[] {
    return names.map((name) => this.#one(name))
  }

  #one(name: string): StoredColumn {
    const column = this.#byName.get(name)
    if (column === undefined) throw new TypeError(`the table ${this.#table.name} has no column ${name}`)
    return column
  }
}

function isSame(a: Value, b: Value): boolean {
  return a === b || (Buffer.isBuffer(a) && Buffer.isBuffer(b) && a.equals(b))
}
