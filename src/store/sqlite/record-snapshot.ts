import type { Sql } from '../queries/query.ts'
import type { RecordSnapshot, TableShape } from '../queries/record-snapshot.ts'
import { guarded, type Row, type SqliteDatabase, text } from './database.ts'

/** Rows of a page: enough that its promise costs nothing beside them. */
const PAGE_ROWS = 500

/** The authoritative file in one snapshot. It owns its connection. */
export class SqliteRecordSnapshot implements RecordSnapshot {
  readonly #db: SqliteDatabase

  constructor(db: SqliteDatabase) {
    this.#db = db
    guarded(db, () => {
      // Sorting the rows of a large ledger must not take memory.
      db.pragma('temp_store = FILE')
      db.exec('BEGIN')
      // The snapshot is of the first read.
      db.prepare('SELECT 1 FROM sqlite_schema').get()
    })
  }

  async tables(): Promise<readonly TableShape[]> {
    return guarded(this.#db, () => tableShapes(this.#db))
  }

  pages(sql: Sql): AsyncIterable<readonly Row[]> {
    return pagesIn(this.#db, sql)
  }

  async close(): Promise<void> {
    this.#db.close()
  }
}

/** The rows of a statement, page by page. */
export async function* pagesIn(db: SqliteDatabase, sql: Sql): AsyncGenerator<readonly Row[], void> {
  const rows = guarded(db, () => db.prepare(sql.text).raw().iterate())
  try {
    for (;;) {
      const page = guarded(db, () => nextPage(rows))
      if (page.length > 0) yield page
      if (page.length < PAGE_ROWS) return
    }
  } finally {
    rows.return?.()
  }
}

function nextPage(rows: Iterator<Row>): readonly Row[] {
  const page: Row[] = []
  while (page.length < PAGE_ROWS) {
    const next = rows.next()
    if (next.done === true) break
    page.push(next.value)
  }
  return page
}

/** All tables of a file, by name. */
export function tableShapes(db: SqliteDatabase): readonly TableShape[] {
  const sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
  return db
    .prepare(sql)
    .pluck()
    .all()
    .map(text)
    .map((name) => {
      const columns = db.prepare('SELECT name, pk FROM pragma_table_info(?)').raw().all(name)
      const key = columns.filter((row) => Number(row[1]) > 0).sort((a, b) => Number(a[1]) - Number(b[1]))
      return { name, columns: columns.map((row) => text(row[0])).sort(), key: key.map((row) => text(row[0])) }
    })
}
