import type { AnyCount, AnyLookup, AnyRow, AnyScan, Changeset, Need, TableChanges } from '../../../journal/plan.ts'
import { assets } from '../../../journal/tables/facts.ts'
import type { Table } from '../../../journal/tables/table.ts'
import { encodeRow, type Stored, type StoredColumn } from '../../rows/journal-codec.ts'
import { RememberedRows } from '../../rows/remembered-rows.ts'
import { isSameValue, namesOf, TableColumns, type Wording } from '../../rows/table-columns.ts'
import { int, type RowStatement, type SqliteDatabase, type Statement } from '../database.ts'

/**
 * Tables with few rows, which most writes read. Whoever writes them by other statements than those of plans must call
 * `JournalFile.forget`.
 */
const REMEMBERED: ReadonlySet<Table> = new Set<Table>([assets])

/**
 * The tables of a journal in an SQLite file: answers the needs of plans and applies their changesets, with statements that
 * are prepared once. It knows no rule. Runs inside the journal's transaction. `written`: called with each table's changes.
 * `remembered`: tables whose rows it remembers, which no other process writes.
 */
export class JournalTables {
  readonly #db: SqliteDatabase
  readonly #written: (changes: TableChanges) => void
  readonly #remembered: ReadonlySet<Table>
  readonly #tables = new Map<Table, StoredTable>()

  constructor(
    db: SqliteDatabase,
    written: (changes: TableChanges) => void = () => undefined,
    remembered: ReadonlySet<Table> = REMEMBERED,
  ) {
    this.#db = db
    this.#written = written
    this.#remembered = remembered
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
      stored = new StoredTable(this.#db, table, this.#remembered.has(table))
      this.#tables.set(table, stored)
    }
    return stored
  }
}

/**
 * A limit that is bound is an expression, so that it is no part of what SQLite plans a statement for: it plans one with a bare
 * parameter anew each time that the parameter is bound, which costs more than to run it.
 */
const WORDING: Wording = { noBytes: "x''", limit: '? + 0' }

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
  readonly #columns: TableColumns
  /** The columns that are not in the key. */
  readonly #others: readonly StoredColumn[]
  readonly #lookups = new Map<string, LookupStatement>()
  readonly #rows = new Map<string, RowStatement>()
  readonly #counts = new Map<string, Statement>()
  readonly #updates = new Map<number, WriteStatement>()
  readonly #insert: WriteStatement
  #add: WriteStatement | undefined
  readonly #delete: WriteStatement
  readonly #remembered: RememberedRows | undefined

  constructor(db: SqliteDatabase, table: Table, isRemembered: boolean) {
    this.#db = db
    this.#table = table
    this.#columns = new TableColumns(table, WORDING)
    this.#others = this.#columns.all.filter(({ name }) => !table.key.includes(name))
    this.#insert = this.#insertion()
    this.#delete = this.#deletion()
    this.#remembered = isRemembered ? new RememberedRows(table.key) : undefined
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
      const known = this.#columns.named(by)
      const others = this.#columns.all.filter(({ name }) => !by.includes(name))
      // A row without other columns is shown to exist by one of its key.
      const columns = others.length === 0 ? this.#columns.named(first === undefined ? [] : [first]) : others
      found = { known, columns, statement: this.#select(columns, ` WHERE ${equalAll(known, ' AND ')}`) }
      this.#lookups.set(name, found)
    }
    const { known, columns, statement } = found
    const stored = placesOf(known)
    return keys.map((key) => {
      const values = statement.get(...encodeRow(known, key, stored))
      if (values === undefined) return undefined
      const row = this.#columns.row(values, columns)
      for (const { name } of known) row[name] = key[name]
      return row
    })
  }

  scan(scan: AnyScan): AnyRow[] {
    const { sql, values } = this.#columns.scan(scan)
    return this.#select(this.#columns.all, sql)
      .all(...values)
      .map((row) => this.#columns.row(row))
  }

  count({ where, limit }: AnyCount): number {
    const { sql: filter, values } = this.#columns.filter(where)
    const sql = `SELECT count(*) FROM (SELECT 1 FROM ${this.#table.name}${filter} LIMIT ${WORDING.limit})`
    let statement = this.#counts.get(sql)
    if (statement === undefined) {
      statement = this.#db.prepare(sql).pluck()
      this.#counts.set(sql, statement)
    }
    return int(statement.get(...values, limit))
  }

  apply(changes: TableChanges): void {
    const { inserted, updated, added, deleted } = changes
    this.#remembered?.apply(changes)
    if (deleted.length > 0) this.#run(this.#delete, deleted)
    if (inserted.length > 0) this.#run(this.#insert, inserted)
    for (const { before, after } of updated) this.#update(before, after)
    if (added.length > 0) {
      this.#add ??= this.#insertion(this.#columns.adding)
      this.#run(this.#add, added)
    }
  }

  #run({ statement, columns }: WriteStatement, rows: readonly AnyRow[]): void {
    const stored = placesOf(columns)
    for (const row of rows) statement.run(...encodeRow(columns, row, stored))
  }

  /** `rest`: what the statement says behind the values. */
  #insertion(rest = ''): WriteStatement {
    const columns = this.#columns.all
    const marks = columns.map(() => '?').join(', ')
    return {
      statement: this.#db.prepare(`INSERT INTO ${this.#table.name} (${namesOf(columns)}) VALUES (${marks})${rest}`),
      columns,
    }
  }

  #deletion(): WriteStatement {
    const statement = this.#db.prepare(`DELETE FROM ${this.#table.name} WHERE ${equalAll(this.#columns.key, ' AND ')}`)
    return { statement, columns: this.#columns.key }
  }

  /** Sets only the columns that differ, so that indexes over others stay as they are. */
  #update(before: AnyRow, after: AnyRow): void {
    let [mask, bit] = [0, 1]
    for (const { name } of this.#others) {
      if (!isSameValue(before[name], after[name])) mask |= bit
      bit <<= 1
    }
    if (mask === 0) return
    let update = this.#updates.get(mask)
    if (update === undefined) {
      const set = this.#others.filter((_, index) => (mask & (1 << index)) !== 0)
      const sql = `UPDATE ${this.#table.name} SET ${equalAll(set, ', ')} WHERE ${equalAll(this.#columns.key, ' AND ')}`
      update = { statement: this.#db.prepare(sql), columns: [...set, ...this.#columns.key] }
      this.#updates.set(mask, update)
    }
    const { statement, columns } = update
    statement.run(...encodeRow(columns, after, placesOf(columns)))
  }

  #select(columns: readonly StoredColumn[], rest: string): RowStatement {
    const text = `SELECT ${namesOf(columns)} FROM ${this.#table.name}${rest}`
    let statement = this.#rows.get(text)
    if (statement === undefined) {
      statement = this.#db.prepare(text).raw()
      this.#rows.set(text, statement)
    }
    return statement
  }
}

function equalAll(columns: readonly StoredColumn[], separator: string): string {
  return columns.map(({ sql }) => `${sql} = ?`).join(separator)
}

/** A place for the value of each column. */
function placesOf(columns: readonly StoredColumn[]): Stored[] {
  return columns.map(() => null)
}
