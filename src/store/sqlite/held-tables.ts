import { join } from 'node:path'
import Database from 'better-sqlite3'
import type { ChainId } from '../../core/chain.ts'
import type { HeldTables, Hold, TableShape } from '../engine/held-tables.ts'
import type { Asked } from '../queries/query.ts'
import { quotedNames } from '../queries/table-rows.ts'
import type { Cell, StorePart } from '../seam/store-parts.ts'
import { guarded, guardedFile, mustBeKnown, openDatabase, type Row, type SqliteDatabase, text } from './database.ts'
import { openWriter } from './facts-file.ts'
import { fileName, isThere, MAIN_FILE, makeFolder, readsFile, USES_FILE } from './files.ts'
import { Generations } from './generations.ts'
import { type Lease, takeLease } from './lease.ts'
import { LEDGER_TABLES, schemaFaults } from './ledger/ledger-schema.ts'
import { MAIN_MIGRATIONS, USES_MIGRATIONS } from './main-schema.ts'
import { READS_MIGRATIONS } from './schema.ts'

/** Rows of a page: enough that its promise costs nothing beside them. */
const PAGE_ROWS = 500
/** Most faults that SQLite's integrity check reports, and most differences of tables. */
const MAX_FAULTS = 10

/** Tables of one file in one transaction; those of the store itself also have the file of when keys were used. */
export class SqliteHeldTables implements HeldTables {
  readonly tables: readonly TableShape[]
  readonly #db: SqliteDatabase
  readonly #begin: string
  readonly #lease: Lease | undefined

  /** Begins the transaction. */
  constructor({ db, uses, lease }: Opened, how: Hold) {
    this.#db = db
    this.#lease = lease
    this.#begin = how === 'read' ? 'BEGIN' : 'BEGIN IMMEDIATE'
    this.tables = guarded(db, () => {
      // Sorting the rows of a large ledger must not take memory.
      db.pragma('temp_store = FILE')
      if (uses !== undefined) db.prepare('ATTACH ? AS of_uses').run(uses)
      db.exec(this.#begin)
      // The snapshot is of the first read.
      return tableShapes(db, uses === undefined ? ['main'] : ['main', 'of_uses'])
    })
  }

  /** Holds a part of the store in a folder; undefined if its file is not there. @throws LEASE_HELD */
  static open(folder: string, part: StorePart, how: Hold): SqliteHeldTables | undefined {
    return guardedFile(folder, () => {
      if (how === 'make') makeFolder(folder)
      const file = fileOf(folder, part)
      if (how !== 'make' && !isThere(file)) return undefined
      if (part.of === 'store') return held(openStoreFile(folder, how), how)
      if (part.of === 'journal') return held(openJournal(folder, part.chain, how), how)
      return held({ db: openDatabase({ file, migrations: READS_MIGRATIONS, durable: false, cache: 'small' }) }, how)
    })
  }

  /** The snapshot of a store that is open, with the tables of a ledger. */
  static snapshot(folder: string): SqliteHeldTables {
    const db = openDatabase({ file: join(folder, MAIN_FILE), ...LEDGER_TABLES, cache: 'small', needs: 'nothing' })
    return held({ db, ...usesIn(folder) }, 'read')
  }

  pages(asked: Asked): AsyncIterable<readonly Row[]> {
    return pagesIn(this.#db, asked)
  }

  async insert({ name, columns }: TableShape, rows: readonly (readonly Cell[])[]): Promise<void> {
    guarded(this.#db, () => {
      const values = columns.map(() => '?').join(', ')
      const add = this.#db.prepare(`INSERT INTO ${name} (${quotedNames(columns)}) VALUES (${values})`)
      for (const row of rows) add.run(...row)
    })
  }

  async commit(): Promise<void> {
    guarded(this.#db, () => this.#db.exec(`COMMIT; ${this.#begin}`))
  }

  async faults(of: 'tables' | 'files'): Promise<readonly string[]> {
    return guarded(this.#db, () => {
      if (of === 'tables') return schemaFaults(this.#db, MAX_FAULTS)
      const said = this.#db.prepare(`PRAGMA main.integrity_check(${MAX_FAULTS})`).pluck().all()
      return said.filter((line) => line !== 'ok').map((line) => `the file: ${String(line)}`)
    })
  }

  async close(): Promise<void> {
    try {
      if (this.#db.inTransaction) this.#db.exec('ROLLBACK')
      this.#db.close()
    } finally {
      this.#lease?.release()
    }
  }
}

/** A file that is open. `uses`: the file of when keys were used. */
type Opened = { readonly db: SqliteDatabase; readonly uses?: string; readonly lease?: Lease }

/** Closes what is open if the transaction cannot begin. */
function held(opened: Opened, how: Hold): SqliteHeldTables {
  try {
    return new SqliteHeldTables(opened, how)
  } catch (error) {
    opened.db.close()
    opened.lease?.release()
    throw error
  }
}

function fileOf(folder: string, part: StorePart): string {
  if (part.of === 'store') return join(folder, MAIN_FILE)
  return part.of === 'reads' ? join(folder, readsFile(part.chain)) : new Generations(folder, part.chain).currentPath()
}

function openStoreFile(folder: string, how: Hold): Opened {
  const file = join(folder, MAIN_FILE)
  // As it is: nothing is changed, not even an older version's tables.
  if (how === 'hold') return { db: openAsItIs(file), ...usesIn(folder) }
  if (how === 'read') {
    const db = openDatabase({ file, migrations: MAIN_MIGRATIONS, durable: true, cache: 'small', needs: 'rows' })
    return { db, ...usesIn(folder) }
  }
  const uses = join(folder, USES_FILE)
  openDatabase({ file: uses, migrations: USES_MIGRATIONS, durable: false, cache: 'small' }).close()
  return { db: openDatabase({ file, ...LEDGER_TABLES, cache: 'writer' }), uses }
}

function usesIn(folder: string): Pick<Opened, 'uses'> {
  const uses = join(folder, USES_FILE)
  return isThere(uses) ? { uses } : {}
}

/** @throws STORE_MISMATCH a newer version made it */
function openAsItIs(file: string): SqliteDatabase {
  // The package's types do not model how `raw` and `pluck` change results.
  const db = new Database(file, { fileMustExist: true }) as SqliteDatabase
  try {
    mustBeKnown(Number(db.pragma('user_version', { simple: true })), { file, migrations: MAIN_MIGRATIONS })
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/** @throws LEASE_HELD another process writes the chain */
function openJournal(folder: string, chain: ChainId, how: Hold): Opened {
  const file = fileOf(folder, { of: 'journal', chain })
  if (how === 'read') return { db: openWriter(file) }
  const lease = takeLease(join(folder, `${fileName(chain)}.lease`), chain)
  try {
    return { db: openWriter(file), lease }
  } catch (error) {
    lease.release()
    throw error
  }
}

/** The rows of a statement, page by page. */
export async function* pagesIn(db: SqliteDatabase, [sql, ...values]: Asked): AsyncGenerator<readonly Row[], void> {
  const rows = guarded(db, () =>
    db
      .prepare(sql.text)
      .raw()
      .iterate(...(values as readonly Cell[])),
  )
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

/** All tables of the files of a connection, by name. */
function tableShapes(db: SqliteDatabase, files: readonly string[]): readonly TableShape[] {
  const names = files.flatMap((file) => {
    const sql = `SELECT name FROM ${file}.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`
    return db.prepare(sql).pluck().all().map(text)
  })
  return names.sort().map((name) => {
    const columns = db.prepare('SELECT name, pk FROM pragma_table_info(?)').raw().all(name)
    const key = columns.filter((row) => Number(row[1]) > 0).sort((a, b) => Number(a[1]) - Number(b[1]))
    return { name, columns: columns.map((row) => text(row[0])).sort(), key: key.map((row) => text(row[0])) }
  })
}
