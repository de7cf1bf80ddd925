import { join } from 'node:path'
import type { ChainId } from '../../core/chain.ts'
import { ServiceError } from '../../core/errors.ts'
import type { Cell, StorePart, StoreTable, StoreTables } from '../seam/store-tables.ts'
import { guardedFile, openDatabase, type SqliteDatabase } from './database.ts'
import { openWriter } from './facts-file.ts'
import { fileName, isThere, MAIN_FILE, makeFolder, readsFile, USES_FILE } from './files.ts'
import { Generations } from './generations.ts'
import { type Lease, takeLease } from './lease.ts'
import { LEDGER_TABLES } from './ledger/ledger-schema.ts'
import { MAIN_MIGRATIONS, USES_MIGRATIONS } from './main-schema.ts'
import { tableShapes } from './record-snapshot.ts'
import { insertRows } from './record-target.ts'
import { READS_MIGRATIONS } from './schema.ts'

/** Tables that are of this engine, or are filled again by themselves. */
const NOT_COPIED = new Set(['parts', 'accepted_clocks', 'queued', 'read_of', 'repaired'])

/** The authoritative file as it is. */
const MAIN_TABLES = { migrations: MAIN_MIGRATIONS, durable: true }

/** The rows of a store in a folder. It holds the leases of its chains, and keeps others from writing the authoritative file. */
export class SqliteTables implements StoreTables {
  readonly #folder: string
  readonly #open = new Map<string, SqliteDatabase>()
  readonly #leases = new Map<ChainId, Lease>()

  constructor(folder: string) {
    this.#folder = folder
  }

  async tables(part: StorePart, make: boolean): Promise<readonly StoreTable[]> {
    if (make) guardedFile(this.#folder, () => makeFolder(this.#folder))
    const files = this.#filesOf(part, make)
    const tables: StoreTable[] = []
    for (const { file, open } of files) {
      if (!make && !guardedFile(file, () => isThere(file))) continue
      const db = this.#open.get(file) ?? guardedFile(file, open)
      this.#open.set(file, db)
      tables.push(...guardedFile(file, () => tablesIn(db, part)))
    }
    return tables.sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  async rows(
    table: StoreTable,
    after: readonly Cell[] | undefined,
    limit: number,
  ): Promise<readonly (readonly Cell[])[]> {
    const key = table.key.join(', ')
    const where = after === undefined ? '' : `WHERE (${key}) > (${table.key.map(() => '?').join(', ')})`
    const sql = `SELECT ${table.columns.map(quoted).join(', ')} FROM ${table.name} ${where} ORDER BY ${key} LIMIT ? + 0`
    return this.#in(
      table,
      (db) =>
        db
          .prepare(sql)
          .raw()
          .all(...(after ?? []), limit) as (readonly Cell[])[],
    )
  }

  async last(table: StoreTable): Promise<readonly Cell[] | undefined> {
    const order = table.key.map((column) => `${column} DESC`).join(', ')
    const sql = `SELECT ${table.key.join(', ')} FROM ${table.name} ORDER BY ${order} LIMIT 1`
    return this.#in(table, (db) => db.prepare(sql).raw().get() as readonly Cell[] | undefined)
  }

  async insert(table: StoreTable, rows: readonly (readonly Cell[])[]): Promise<void> {
    this.#in(table, (db) => {
      const all = (): void => insertRows(db, table, rows)
      // The authoritative file is in one transaction all the time.
      if (db.inTransaction) all()
      else db.transaction(all).immediate()
    })
  }

  async distribute(): Promise<readonly string[]> {
    throw new ServiceError(
      'CONFIG_INVALID',
      'store: a folder cannot be spread over servers: name a database with Citus',
    )
  }

  async close(): Promise<void> {
    for (const db of this.#open.values()) {
      if (db.inTransaction) db.exec('COMMIT')
      db.close()
    }
    for (const lease of this.#leases.values()) lease.release()
  }

  #in<T>(table: StoreTable, work: (db: SqliteDatabase) => T): T {
    for (const { file } of this.#filesOf(table.part)) {
      const db = this.#open.get(file)
      const isThis = db?.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?").get(table.name)
      if (db !== undefined && isThis !== undefined) return guardedFile(file, () => work(db))
    }
    throw new ServiceError('STORE_UNAVAILABLE', `the store in ${this.#folder} has no table ${table.name}`)
  }

  /** `make`: the tables of a ledger are made too, if they are not there. */
  #filesOf(part: StorePart, make = false): readonly { readonly file: string; readonly open: () => SqliteDatabase }[] {
    if (part.of === 'store') {
      const main = join(this.#folder, MAIN_FILE)
      const uses = join(this.#folder, USES_FILE)
      return [
        {
          file: main,
          open: () => held(openDatabase({ file: main, ...(make ? LEDGER_TABLES : MAIN_TABLES), cache: 'small' })),
        },
        {
          file: uses,
          open: () => openDatabase({ file: uses, migrations: USES_MIGRATIONS, durable: false, cache: 'small' }),
        },
      ]
    }
    if (part.of === 'reads') {
      const file = join(this.#folder, readsFile(part.chain))
      return [
        { file, open: () => openDatabase({ file, migrations: READS_MIGRATIONS, durable: false, cache: 'small' }) },
      ]
    }
    const file = new Generations(this.#folder, part.chain).currentPath()
    return [{ file, open: () => this.#openJournal(part.chain, file) }]
  }

  /** @throws LEASE_HELD another process writes the chain */
  #openJournal(chain: ChainId, file: string): SqliteDatabase {
    if (!this.#leases.has(chain)) {
      this.#leases.set(chain, takeLease(join(this.#folder, `${fileName(chain)}.lease`), chain))
    }
    return openWriter(file)
  }
}

/** Keeps other processes from writing. @throws STORE_UNAVAILABLE one is writing */
function held(db: SqliteDatabase): SqliteDatabase {
  db.exec('BEGIN IMMEDIATE')
  return db
}

function tablesIn(db: SqliteDatabase, part: StorePart): readonly StoreTable[] {
  return tableShapes(db)
    .filter(({ name }) => !NOT_COPIED.has(name))
    .map((table) => ({ part, ...table }))
}

function quoted(name: string): string {
  return `"${name}"`
}
