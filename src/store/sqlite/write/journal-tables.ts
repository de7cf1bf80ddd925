import type { AnyRow, Changeset, Count, Lookup, Need, Scan, TableChanges } from '../../../journal/plan.ts'
import { Lookup as LookupNeed, Scan as ScanNeed } from '../../../journal/plan.ts'
import type { Table, Value } from '../../../journal/tables/table.ts'
import { decodeRow, type Stored, type StoredColumn, storedColumns } from '../../rows/journal-codec.ts'
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
      if (need instanceof LookupNeed) need.rows = table.lookup(need)
      else if (need instanceof ScanNeed) need.rows = table.scan(need)
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

/** One table of the file. */
class StoredTable {
  readonly #db: SqliteDatabase
  readonly #table: Table
  readonly #columns: readonly StoredColumn[]
  readonly #key: readonly StoredColumn[]
  readonly #byName: ReadonlyMap<string, StoredColumn>
  readonly #rows = new Map<string, RowStatement>()
  readonly #others = new Map<string, Statement>()
  readonly #updates = new Map<number, { readonly statement: Statement; readonly set: readonly StoredColumn[] }>()

  constructor(db: SqliteDatabase, table: Table) {
    this.#db = db
    this.#table = table
    this.#columns = storedColumns(table)
    this.#byName = new Map(this.#columns.map((column) => [column.name, column]))
    this.#key = this.#named(table.key)
  }

  lookup({ keys, by }: Lookup<Table>): (AnyRow | undefined)[] {
    const columns = by === this.#table.key ? this.#key : this.#named(by)
    const where = columns.map(({ sql }) => `${sql} = ?`).join(' AND ')
    const statement = this.#select(`WHERE ${where}`)
    return keys.map((key) => {
      const row = statement.get(...encoded(columns, key))
      return row === undefined ? undefined : decodeRow(this.#columns, row)
    })
  }

  scan({ range }: Scan<Table>): AnyRow[] {
    const { where = {}, order, descending = false, after, through, outside, limit } = range
    const values: Stored[] = []
    const conditions = this.#equal(where, values)
    const bound = (operator: string, of: readonly Value[]): void => {
      const columns = this.#named(order.slice(0, of.length))
      values.push(...columns.map((column, index) => column.encode(of[index])))
      const [names, marks] = [columns.map(({ sql }) => sql).join(', '), of.map(() => '?').join(', ')]
      conditions.push(of.length === 1 ? `${names} ${operator} ${marks}` : `(${names}) ${operator} (${marks})`)
    }
    if (after !== undefined) bound('>', after)
    if (through !== undefined) bound('<=', through)
    if (outside !== undefined) {
      const { encode, sql } = this.#one(outside.column)
      conditions.push(outside.least === undefined ? `${sql} > ?` : `(${sql} < ? OR ${sql} > ?)`)
      values.push(...(outside.least === undefined ? [] : [encode(outside.least)]), encode(outside.most))
    }
    if (limit !== undefined) values.push(limit)
    const sorted = this.#named(order).map(({ sql }) => `${sql}${descending ? ' DESC' : ''}`)
    const filter = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')} `
    const statement = this.#select(`${filter}ORDER BY ${sorted.join(', ')}${limit === undefined ? '' : ' LIMIT ?'}`)
    return statement.all(...values).map((row) => decodeRow(this.#columns, row))
  }

  count({ where, limit }: Count<Table>): number {
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
      for (const row of deleted) statement.run(...encoded(this.#key, row))
    }
    if (inserted.length > 0) {
      const [names, marks] = [columns.map(({ sql }) => sql).join(', '), columns.map(() => '?').join(', ')]
      const statement = this.#prepared(`INSERT INTO ${name} (${names}) VALUES (${marks})`)
      for (const row of inserted) statement.run(...encoded(columns, row))
    }
    for (const { before, after } of updated) this.#update(before, after)
  }

  /** Sets only the columns that differ, so that indexes over others stay as they are. */
  #update(before: AnyRow, after: AnyRow): void {
    let mask = 0
    for (const [index, { name }] of this.#columns.entries()) {
      if (!isSame(before[name], after[name])) mask |= 1 << index
    }
    if (mask === 0) return
    let update = this.#updates.get(mask)
    if (update === undefined) {
      const set = this.#columns.filter((_, index) => (mask & (1 << index)) !== 0)
      const [values, key] = [set, this.#key].map((columns) => columns.map(({ sql }) => `${sql} = ?`))
      const sql = `UPDATE ${this.#table.name} SET ${values?.join(', ')} WHERE ${key?.join(' AND ')}`
      update = { statement: this.#db.prepare(sql), set }
      this.#updates.set(mask, update)
    }
    update.statement.run(...encoded(update.set, after), ...encoded(this.#key, after))
  }

  /** Conditions that columns have these values, whose stored values are added to `values`. */
  #equal(where: Partial<AnyRow>, values: Stored[]): string[] {
    return Object.entries(where).map(([name, value]) => {
      const { sql, encode } = this.#one(name)
      const stored = encode(value)
      if (stored === null) return `${sql} IS NULL`
      // SQLite uses an index over a part of the rows only if the statement names that part.
      if (Buffer.isBuffer(stored) && stored.length === 0) return `${sql} = x''`
      values.push(stored)
      return `${sql} = ?`
    })
  }

  #select(rest: string): RowStatement {
    let statement = this.#rows.get(rest)
    if (statement === undefined) {
      const names = this.#columns.map(({ sql }) => sql).join(', ')
      statement = this.#db.prepare(`SELECT ${names} FROM ${this.#table.name} ${rest}`).raw()
      this.#rows.set(rest, statement)
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

function encoded(columns: readonly StoredColumn[], row: Partial<AnyRow>): Stored[] {
  return columns.map(({ name, encode }) => encode(row[name]))
}

function isSame(a: Value, b: Value): boolean {
  return a === b || (Buffer.isBuffer(a) && Buffer.isBuffer(b) && a.equals(b))
}
