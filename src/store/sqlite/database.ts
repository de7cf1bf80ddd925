import Database from 'better-sqlite3'
import { ServiceError, systemCode } from '../../core/errors.ts'

export type SqliteDatabase = Database.Database
export type Statement = Database.Statement<unknown[]>

/** How long a statement waits for another writer before it fails. Writers of one file are few and short. */
const BUSY_TIMEOUT_MS = 5_000

/** Page caches in KiB: a writer sorts its batches through it, a reader mostly finds its pages in the system's. */
const CACHE_KIB = { writer: 192 * 1024, ledger: 64 * 1024, small: 8 * 1024 }

/** A checkpoint is due once the write-ahead log holds this many 4 KiB pages: 192 MiB, so that a batch's hot pages are
 * copied home once for some commits. Readers hold snapshots for under a millisecond, so the log starts over each time;
 * it is at its longest when a batch ends just after it fell short. */
const CHECKPOINT_PAGES = 48 * 1024

/** Past this the write-ahead log is cut back to this size after a checkpoint. */
const WAL_KEPT_BYTES = 64 * 1024 * 1024

export type OpenOptions = {
  readonly file: string
  readonly migrations: readonly string[]
  /** Groups of tables that came into the file later and have versions of their own, in order, by name. */
  readonly parts?: Readonly<Record<string, readonly string[]>>
  /** `writer`: bulk writes; its checkpoints are its own business. `ledger`: many small durable ones; it checkpoints itself. */
  readonly cache: keyof typeof CACHE_KIB
  /** Every commit is on disk before it returns; else the last ones may be lost with the machine, never torn. */
  readonly durable: boolean
}

/**
 * Opens a file in WAL mode and brings it to the newest schema.
 * @throws STORE_MISMATCH a newer version of Steelyard wrote it
 * @throws STORE_UNAVAILABLE it cannot be opened
 */
export function openDatabase(options: OpenOptions): SqliteDatabase {
  return guarded(() => {
    const db = new Database(options.file, { timeout: BUSY_TIMEOUT_MS })
    db.pragma('journal_mode = WAL')
    db.pragma(`synchronous = ${options.durable ? 'FULL' : 'NORMAL'}`)
    db.pragma(`cache_size = -${CACHE_KIB[options.cache]}`)
    db.pragma(`journal_size_limit = ${WAL_KEPT_BYTES}`)
    db.pragma('temp_store = MEMORY')
    if (options.cache === 'writer') db.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`)
    if (options.cache === 'ledger') db.pragma('wal_autocheckpoint = 0')
    migrate(db, options)
    for (const [part, migrations] of Object.entries(options.parts ?? {})) {
      migratePart(db, { file: options.file, part, migrations })
    }
    return db
  })
}

function migrate(db: SqliteDatabase, { file, migrations }: OpenOptions): void {
  const version = () => Number(db.pragma('user_version', { simple: true }))
  if (version() === migrations.length) return
  const run = db.transaction(() => {
    const from = version()
    if (from > migrations.length) {
      throw new ServiceError('STORE_MISMATCH', `${file} was written by a newer version (schema ${from})`)
    }
    for (const migration of migrations.slice(from)) db.exec(migration)
    db.pragma(`user_version = ${migrations.length}`)
  })
  run.immediate()
}

/** Brings one group of tables to its newest schema; which it has, the table `parts` tells. */
function migratePart(
  db: SqliteDatabase,
  { file, part, migrations }: { file: string; part: string; migrations: readonly string[] },
): void {
  const select = 'SELECT version FROM parts WHERE part = ?'
  const version = (): number => {
    const exists = db.prepare<unknown[]>("SELECT 1 FROM sqlite_schema WHERE name = 'parts'").get()
    return exists === undefined ? 0 : Number(db.prepare<unknown[]>(select).pluck().get(part) ?? 0)
  }
  if (version() === migrations.length) return
  const run = db.transaction(() => {
    db.exec('CREATE TABLE IF NOT EXISTS parts (part TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT, WITHOUT ROWID')
    const from = version()
    if (from > migrations.length) {
      throw new ServiceError('STORE_MISMATCH', `${file} was written by a newer version (${part} ${from})`)
    }
    for (const migration of migrations.slice(from)) db.exec(migration)
    db.prepare<unknown[]>('INSERT OR REPLACE INTO parts VALUES (?, ?)').run(part, migrations.length)
  })
  run.immediate()
}

/**
 * Runs work on the store. What SQLite or the file system refuses becomes the store's own error.
 * @throws STORE_UNAVAILABLE with the cause
 */
export function guarded<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof Database.SqliteError) {
      throw new ServiceError('STORE_UNAVAILABLE', `store: ${error.message}`, {
        cause: error,
        fields: { sqlite: error.code },
      })
    }
    const system = systemCode(error)
    if (error instanceof Error && system !== undefined) {
      throw new ServiceError('STORE_UNAVAILABLE', `store: ${error.message}`, { cause: error, fields: { system } })
    }
    throw error
  }
}

/** Row columns as they come from SQLite, by position. */
export type Row = readonly unknown[]

/** The integer of a column. @throws AssertionError-like TypeError where the schema promises one and it is not there */
export function int(value: unknown): number {
  if (typeof value === 'number') return value
  throw new TypeError(`stored value is no integer: ${typeof value}`)
}

/** The text of a column. */
export function text(value: unknown): string {
  if (typeof value === 'string') return value
  throw new TypeError(`stored value is no text: ${typeof value}`)
}

/** The bytes of a column. */
export function bytes(value: unknown): Buffer {
  if (Buffer.isBuffer(value)) return value
  throw new TypeError('stored value is no bytes')
}

/** What a nullable column holds, parsed by `parse`, or undefined. */
export function nullable<T>(value: unknown, parse: (value: unknown) => T): T | undefined {
  return value === null || value === undefined ? undefined : parse(value)
}
