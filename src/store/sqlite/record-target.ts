import { join } from 'node:path'
import Database from 'better-sqlite3'
import { ServiceError } from '../../core/errors.ts'
import type { Sql } from '../queries/query.ts'
import type { TableShape } from '../queries/record-snapshot.ts'
import { anyRowOf, hasRows, isSaved, type RecordTarget } from '../queries/record-target.ts'
import type { Cell } from '../seam/store-tables.ts'
import { guarded, guardedFile, openDatabase, type Row, type SqliteDatabase } from './database.ts'
import { isThere, MAIN_FILE, makeFolder } from './files.ts'
import { LEDGER_TABLES } from './ledger/ledger-schema.ts'
import { MAIN_MIGRATIONS } from './main-schema.ts'
import { pagesIn, SqliteRecordSnapshot, tableShapes } from './record-snapshot.ts'

/** Opens the authoritative file of a folder in one snapshot. @throws STORE_MISSING */
export function openSnapshot(folder: string): SqliteRecordSnapshot {
  const file = join(folder, MAIN_FILE)
  if (!guardedFile(file, () => isThere(file))) throw new ServiceError('STORE_MISSING', `there is no store in ${folder}`)
  const db = openDatabase({ file, migrations: MAIN_MIGRATIONS, durable: true, cache: 'small' })
  try {
    return new SqliteRecordSnapshot(db)
  } catch (error) {
    db.close()
    throw error
  }
}

/** The authoritative file of a folder that is filled. No other process can write it meanwhile. */
export class SqliteRecordTarget implements RecordTarget {
  readonly #db: SqliteDatabase

  private constructor(db: SqliteDatabase) {
    this.#db = db
  }

  /** Makes the folder and the tables, unless the store has rows. @throws STORE_MISMATCH it has rows of its own */
  static open(folder: string): SqliteRecordTarget {
    const file = join(folder, MAIN_FILE)
    guardedFile(file, () => {
      // Nothing is changed before this: not even an older version's tables.
      if (isThere(file)) inReadOnly(file, (db) => mustBeEmpty(db, folder))
      makeFolder(folder)
    })
    const db = openDatabase({ file, ...LEDGER_TABLES, cache: 'writer' })
    try {
      guarded(db, () => {
        db.exec('BEGIN IMMEDIATE')
        mustBeEmpty(db, folder)
      })
      return new SqliteRecordTarget(db)
    } catch (error) {
      db.close()
      throw error
    }
  }

  async tables(): Promise<readonly TableShape[]> {
    return guarded(this.#db, () => tableShapes(this.#db))
  }

  async insert(table: TableShape, rows: readonly (readonly Cell[])[]): Promise<void> {
    guarded(this.#db, () => insertRows(this.#db, table, rows))
  }

  pages(sql: Sql): AsyncIterable<readonly Row[]> {
    return pagesIn(this.#db, sql)
  }

  async commit(): Promise<void> {
    guarded(this.#db, () => this.#db.exec('COMMIT'))
  }

  async close(): Promise<void> {
    if (this.#db.inTransaction) this.#db.exec('ROLLBACK')
    this.#db.close()
  }
}

/** Adds rows to a table. Call it in a transaction. */
export function insertRows(
  db: SqliteDatabase,
  { name, columns }: Pick<TableShape, 'name' | 'columns'>,
  rows: readonly (readonly Cell[])[],
): void {
  const quoted = columns.map((column) => `"${column}"`).join(', ')
  const add = db.prepare(`INSERT INTO ${name} (${quoted}) VALUES (${columns.map(() => '?').join(', ')})`)
  for (const row of rows) add.run(...row)
}

function mustBeEmpty(db: SqliteDatabase, folder: string): void {
  for (const table of tableShapes(db).filter(isSaved)) {
    if (db.prepare(anyRowOf(table).text).get() !== undefined) throw hasRows(table, folder)
  }
}

function inReadOnly(file: string, work: (db: SqliteDatabase) => void): void {
  // The package's types do not model how `raw` and `pluck` change results.
  const db = new Database(file, { readonly: true }) as SqliteDatabase
  try {
    work(db)
  } finally {
    db.close()
  }
}
