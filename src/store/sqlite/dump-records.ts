import Database from 'better-sqlite3'
import type { Row } from '../rows/columns.ts'
import { dumpRows, type TableRows } from '../rows/dump-rows.ts'
import { guardedFile, type SqliteDatabase, text } from './database.ts'
import { isThere } from './files.ts'

/** Tables that tell how the file was used, and no facts. */
const NO_RECORDS = new Set(['parts', 'accepted_clocks', 'chain', 'heartbeat', 'places', 'findings', 'feed'])

/** All rows of these files as canonical lines. A missing file has none. */
export function dumpRecords(files: readonly string[]): readonly string[] {
  return dumpRows(files.filter((file) => isThere(file)).flatMap((file) => guardedFile(file, () => tablesOf(file))))
}

function tablesOf(file: string): readonly TableRows[] {
  // The package's types do not model how `raw` and `pluck` change results.
  const db = new Database(file, { readonly: true }) as SqliteDatabase
  try {
    const names = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").pluck()
    const tables = names.all().map(text)
    return tables
      .filter((table) => !NO_RECORDS.has(table))
      .map((table) => {
        const columns = db.prepare('SELECT name FROM pragma_table_info(?)').pluck().all(table).map(text)
        const rows: readonly Row[] = db.prepare(`SELECT * FROM ${table}`).raw().all()
        return { table, columns, rows }
      })
  } finally {
    db.close()
  }
}
