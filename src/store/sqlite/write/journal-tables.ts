import type { AnyCount, AnyLookup, AnyRow, AnyScan, Changeset, Need, TableChanges } from '../../../journal/plan.ts'
import { assets } from '../../../journal/tables/facts.ts'
import type { Table, Value } from '../../../journal/tables/table.ts'
import {
  decodeRow,
  encodeRow,
  encodeValue,
  type Stored,
  type StoredColumn,
  storedColumns,
} from '../../rows/journal-codec.ts'
import { int, type RowStatement, type SqliteDatabase, type Statement } from '../database.ts'
import { RememberedRows } from './remembered-rows.ts'

/**
 * Tables with few rows, which most writes read. Whoever writes them by other statements than those of plans must call
 * `JournalFile.forget`.
 */
const REMEMBERED: ReadonlySet<Table> = new Set<Table>([assets])

/**
 * The tables of a journal in an SQLite file: answers the needs of plans and applies their changesets, with statements that
 * are prepared once. It knows no rule. Runs inside the journal's transaction, as the only writer of the file. `written`:
 * called with each table's changes.
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

  /** Forgets all rows. Call it once a transaction was rolled back, or the file was replaced. */
  forget(): void {
    for (const table of this.#tables.values()) table.forget()
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

/**
 * A limit that is bound. As an expression it is no part of what SQLite plans a statement for: it plans one with a bare
 * parameter anew each time that the parameter is bound, which costs more than to run it.
 */
const ANY_LIMIT = '? + 0'

/** A look-up: the columns that are known, and those that are read. */
type LookupStatement = {
  readonly known: readonly StoredColumn[]
  readonly columns: readonly StoredColumn[]
  readonly statement: RowStatement
}

/** A statement that writes a row: the columns whose values it binds. */
type WriteStatement = { readonly statement: Statement; readonly columns: readonly StoredColumn[] }

/** One table of the file. */
class StoredTable {
  readonly #db: SqliteDatabase
  readonly #table: Table
  readonly #columns: readonly StoredColumn[]
  /** A row without values. Copies of it have their shape from the start. */
  readonly #empty: AnyRow
  readonly #key: readonly StoredColumn[]
  /** The columns that are not in the key. */
  readonly #others: readonly StoredColumn[]
  readonly #byName: ReadonlyMap<string, StoredColumn>
  readonly #lookups = new Map<string, LookupStatement>()
  readonly #rows = new Map<string, RowStatement>()
  readonly #counts = new Map<string, Statement>()
  readonly #updates = new Map<number, WriteStatement>()
  readonly #insert: WriteStatement
  readonly #delete: WriteStatement
  readonly #remembered: RememberedRows | undefined

  constructor(db: SqliteDatabase, table: Table) {
    this.#db = db
    this.#table = table
    this.#columns = storedColumns(table)
    this.#empty = Object.fromEntries(this.#columns.map(({ name }) => [name, undefined]))
    this.#byName = new Map(this.#columns.map((column) => [column.name, column]))
    this.#key = this.#named(table.key)
    this.#others = this.#columns.filter(({ name }) => !table.key.includes(name))
    this.#insert = this.#insertion()
    this.#delete = this.#deletion()
    this.#remembered = REMEMBERED.has(table) ? new RememberedRows() : undefined
  }

  lookup({ keys, by }: AnyLookup): (AnyRow | undefined)[] {
    const remembered = this.#remembered
    if (remembered === undefined) return this.#read(keys, by)
    const rows = keys.map((key) => remembered.find(by, key))
    if (rows.every((row) => row !== undefined)) return rows
    const read = this.#read(keys, by)
    for (const row of read) if (row !== undefined) remembered.add(by, row)
    return read
  }

  forget(): void {
    this.#remembered?.forget()
  }

  #read(keys: AnyLookup['keys'], by: readonly string[]): (AnyRow | undefined)[] {
    const [first] = by
    const name = by.join()
    let found = this.#lookups.get(name)
    if (found === undefined) {
      const known = this.#named(by)
      const others = this.#columns.filter(({ name }) => !by.includes(name))
      // A row without other columns is shown to exist by one of its key.
      const columns = others.length === 0 ? this.#named(first === undefined ? [] : [first]) : others
      found = { known, columns, statement: this.#select(columns, `WHERE ${equalAll(known, ' AND ')}`) }
      this.#lookups.set(name, found)
    }
    const { known, columns, statement } = found
    const stored = placesOf(known)
    return keys.map((key) => {
      const values = statement.get(...encodeRow(known, key, stored))
      if (values === undefined) return undefined
      const row = decodeRow(columns, values, this.#empty)
      for (const { name } of known) row[name] = key[name]
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
      `${filter}ORDER BY ${sorted.join(', ')}${limit === undefined ? '' : ` LIMIT ${ANY_LIMIT}`}`,
    )
    return statement.all(...values).map((row) => decodeRow(this.#columns, row, this.#empty))
  }

  count({ where, limit }: AnyCount): number {
    const values: Stored[] = []
    const conditions = this.#equal(where, values)
    const filter = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`
    const sql = `SELECT count(*) FROM (SELECT 1 FROM ${this.#table.name}${filter} LIMIT ${ANY_LIMIT})`
    let statement = this.#counts.get(sql)
    if (statement === undefined) {
      statement = this.#db.prepare(sql).pluck()
      this.#counts.set(sql, statement)
    }
    return int(statement.get(...values, limit))
  }

  apply(changes: TableChanges): void {
    const { inserted, updated, deleted } = changes
    this.#remembered?.apply(changes)
    if (deleted.length > 0) this.#run(this.#delete, deleted)
    if (inserted.length > 0) this.#run(this.#insert, inserted)
    for (const { before, after } of updated) this.#update(before, after)
  }

  #run({ statement, columns }: WriteStatement, rows: readonly AnyRow[]): void {
    const stored = placesOf(columns)
    for (const row of rows) statement.run(...encodeRow(columns, row, stored))
  }

  #insertion(): WriteStatement {
    const columns = this.#columns
    const [names, marks] = [columns.map(({ sql }) => sql).join(', '), columns.map(() => '?').join(', ')]
    return { statement: this.#db.prepare(`INSERT INTO ${this.#table.name} (${names}) VALUES (${marks})`), columns }
  }

  #deletion(): WriteStatement {
    const statement = this.#db.prepare(`DELETE FROM ${this.#table.name} WHERE ${equalAll(this.#key, ' AND ')}`)
    return { statement, columns: this.#key }
  }

  /** Sets only the columns that differ, so that indexes over others stay as they are. */
  #update(before: AnyRow, after: AnyRow): void {
    let [mask, bit] = [0, 1]
    for (const { name } of this.#others) {
      if (!isSame(before[name], after[name])) mask |= bit
      bit <<= 1
    }
    if (mask === 0) return
    let update = this.#updates.get(mask)
    if (update === undefined) {
      const set = this.#others.filter((_, index) => (mask & (1 << index)) !== 0)
      const sql = `UPDATE ${this.#table.name} SET ${equalAll(set, ', ')} WHERE ${equalAll(this.#key, ' AND ')}`
      update = { statement: this.#db.prepare(sql), columns: [...set, ...this.#key] }
      this.#updates.set(mask, update)
    }
    const { statement, columns } = update
    statement.run(...encodeRow(columns, after, placesOf(columns)))
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

function equalAll(columns: readonly StoredColumn[], separator: string): string {
  return columns.map(({ sql }) => `${sql} = ?`).join(separator)
}

/** A place for the value of each column. */
function placesOf(columns: readonly StoredColumn[]): Stored[] {
  return columns.map(() => null)
}
