import { statSync } from 'node:fs'
import Database from 'better-sqlite3'
import { isServiceError, ServiceError, systemCode } from '../../core/errors.ts'
import { DamagedValue } from '../../journal/damaged-value.ts'
import type { Row } from '../rows/columns.ts'
import type { OnDamage } from '../seam/damage.ts'
import { FileIdentity } from './file-identity.ts'
import { makePrivateFile, remedyOf } from './files.ts'
import { mustBeWhole } from './missing-objects.ts'

export { bytes, int, NO_ROW, nullable, type Row, text } from '../rows/columns.ts'

/** What runs without rows. */
export type Run = { run(...values: unknown[]): Database.RunResult }
/** What returns rows, or values of them. */
export type Query<Result> = {
  get(...values: unknown[]): Result | undefined
  all(...values: unknown[]): Result[]
  iterate(...values: unknown[]): IterableIterator<Result>
}
/** A statement that returns rows. */
export type RowStatement = Run & Query<Row>
/** A statement that returns nothing, or after `pluck` the first column of each row. */
export type Statement = Run & Query<unknown> & { pluck(): Statement; raw(): RowStatement }
/** A connection whose statements return `Row`s and values, not objects. */
export type SqliteDatabase = Pick<
  Database.Database,
  'name' | 'open' | 'inTransaction' | 'pragma' | 'transaction' | 'unsafeMode'
> & { prepare(sql: string): Statement; exec(sql: string): unknown; close(): unknown }

/**
 * How long a statement waits for another writer before it fails. One file has few writers, and their transactions are
 * short.
 */
const BUSY_TIMEOUT_MS = 5_000

/**
 * Page caches in KiB. A writer needs a large one to sort its batches. A reader of facts keeps the pages of accounts that
 * are asked for until the next commit: a page from the system's cache costs as much as the rest of a look-up.
 */
const CACHE_KIB = { writer: 64 * 1024, reader: 64 * 1024, ledger: 64 * 1024, small: 8 * 1024 }

/**
 * A checkpoint is due once the write-ahead log is as large as its file, within these bounds, in pages of 4 KiB. Below 4
 * MiB it is not worth its waits for the disk. The bound of 192 MiB lets several commits share one copy of a batch's hot
 * pages. Readers hold snapshots for some milliseconds, so the log restarts after each checkpoint. The log is longest if a
 * batch ends just after the log was slightly too short for a checkpoint.
 */
const CHECKPOINT_PAGES = { least: 1024, most: 48 * 1024 }
const PAGE_BYTES = 4096

/** After a checkpoint, a larger write-ahead log is cut back to this size. */
const WAL_KEPT_BYTES = 64 * 1024 * 1024

/** How a database file is opened. */
export type OpenOptions = {
  readonly file: string
  readonly migrations: readonly string[]
  /** Groups of tables that were added to the file later and have their own versions, by name and in order. */
  readonly parts?: Readonly<Record<string, readonly string[]>>
  /**
   * `writer`: bulk writes; it sets its own checkpoint bounds. `ledger`: many small durable writes; it runs its
   * checkpoints itself.
   */
  readonly cache: keyof typeof CACHE_KIB
  /**
   * Every commit is on disk before it returns. If false, a crash of the machine can lose the last commits, but never a
   * part of one.
   */
  readonly durable: boolean
  /**
   * What must be there; all if not given. `rows`: tables and columns, for what is only read. `nothing`: the audit of a ledger names what is
   * missing with all else that differs.
   */
  readonly needs?: 'all' | 'rows' | 'nothing'
}

/** Opens a database in memory instead of a file. Closing deletes it. */
export const IN_MEMORY = ':memory:'

/**
 * Opens a file in WAL mode and migrates it to the newest schema.
 * @throws STORE_MISMATCH a newer version of Steelyard wrote it
 * @throws STORE_DAMAGED it lacks tables, columns or indexes
 * @throws STORE_UNAVAILABLE it cannot be opened
 */
export function openDatabase(options: OpenOptions): SqliteDatabase {
  return guardedFile(options.file, () => openAndMigrate(options))
}

function openAndMigrate(options: OpenOptions): SqliteDatabase {
  if (options.file !== IN_MEMORY) makePrivateFile(options.file)
  // The package's types do not model how `raw` and `pluck` change results.
  const db = new Database(options.file, { timeout: BUSY_TIMEOUT_MS }) as SqliteDatabase
  try {
    db.pragma('journal_mode = WAL')
    db.pragma(`synchronous = ${options.durable ? 'FULL' : 'NORMAL'}`)
    db.pragma(`cache_size = -${CACHE_KIB[options.cache]}`)
    db.pragma(`journal_size_limit = ${WAL_KEPT_BYTES}`)
    db.pragma('temp_store = MEMORY')
    if (options.cache === 'writer') boundLog(db)
    if (options.cache === 'ledger') db.pragma('wal_autocheckpoint = 0')
    migrate(db, options)
    for (const [part, migrations] of Object.entries(options.parts ?? {})) {
      migratePart(db, { file: options.file, part, migrations })
    }
    const { file, migrations, parts = {}, needs: of = 'all' } = options
    if (of !== 'nothing') mustBeWhole(db, [migrations, ...Object.values(parts)], { file, of })
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/** Keeps the write-ahead log of a bulk writer in proportion to the current size of its file. */
export function boundLog(db: SqliteDatabase): void {
  const { least, most } = CHECKPOINT_PAGES
  const pages = Math.min(most, Math.max(least, Math.floor(statSync(db.name).size / PAGE_BYTES)))
  db.pragma(`wal_autocheckpoint = ${pages}`)
  db.pragma(`journal_size_limit = ${Math.min(WAL_KEPT_BYTES, pages * PAGE_BYTES)}`)
}

function migrate(db: SqliteDatabase, { file, migrations }: OpenOptions): void {
  const version = () => Number(db.pragma('user_version', { simple: true }))
  if (version() === migrations.length) return
  const run = db.transaction(() => {
    const from = version()
    mustBeKnown(from, { file, migrations })
    for (const migration of migrations.slice(from)) db.exec(migration)
    db.pragma(`user_version = ${migrations.length}`)
  })
  run.immediate()
}

/** @throws STORE_MISMATCH a newer version of Steelyard wrote a file that says to be of this schema */
export function mustBeKnown(version: number, { file, migrations }: Pick<OpenOptions, 'file' | 'migrations'>): void {
  if (version <= migrations.length) return
  const message = `${file} was written by a newer version (schema ${version}): use that version`
  throw new ServiceError('STORE_MISMATCH', message)
}

/** Migrates one group of tables to its newest schema. The table `parts` stores its version. */
function migratePart(
  db: SqliteDatabase,
  { file, part, migrations }: { file: string; part: string; migrations: readonly string[] },
): void {
  const select = 'SELECT version FROM parts WHERE part = ?'
  const version = (): number => {
    const exists = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'parts'").get()
    return exists === undefined ? 0 : Number(db.prepare(select).pluck().get(part) ?? 0)
  }
  if (version() === migrations.length) return
  const run = db.transaction(() => {
    db.exec('CREATE TABLE IF NOT EXISTS parts (part TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT, WITHOUT ROWID')
    const from = version()
    if (from > migrations.length) {
      throw new ServiceError(
        'STORE_MISMATCH',
        `${file} was written by a newer version (${part} ${from}): use that version`,
      )
    }
    for (const migration of migrations.slice(from)) db.exec(migration)
    db.prepare('INSERT OR REPLACE INTO parts VALUES (?, ?)').run(part, migrations.length)
  })
  run.immediate()
}

const damageListeners = new WeakMap<SqliteDatabase, OnDamage>()
const watchedFiles = new WeakMap<SqliteDatabase, Watched>()

/**
 * Files that connections watch. `follow` moves to a chain's newest generation, and returns false if that has to wait,
 * because a snapshot of the one before is still open. It looks once a tick, or `isAgain`.
 */
type Watched = { readonly identities: readonly FileIdentity[]; readonly follow: (isAgain: boolean) => boolean }

/** Errors of a file that only an operator can fix. */
const LOSSES: ReadonlySet<string> = new Set(['STORE_DAMAGED', 'STORE_REPLACED'])

/** Calls `tell` for each damage that this connection finds from now on, and for each of its files that was replaced. */
export function onDamage(db: SqliteDatabase, tell: OnDamage): void {
  damageListeners.set(db, tell)
}

/**
 * From now on, `guarded` work on any of these connections fails once one of their files was deleted or replaced. Each
 * connection checks all the files, so a request for facts alone also notices that the reads file is missing. `follow`:
 * called before all work; see `Watched`.
 */
export function watchFiles(connections: readonly SqliteDatabase[], follow: Watched['follow'] = () => true): void {
  const names = [...new Set(connections.map(({ name }) => name))]
  const watched = { identities: names.map((name) => new FileIdentity(name)), follow }
  for (const db of connections) watchedFiles.set(db, watched)
}

/**
 * Runs work on a connection and converts errors of SQLite and the file system to the store's errors.
 * @throws STORE_UNAVAILABLE, STORE_DAMAGED, STORE_FULL with the cause
 * @throws STORE_REPLACED a file of a watched connection was deleted or replaced
 */
export function guarded<T>(db: SqliteDatabase, work: () => T): T {
  try {
    return guardedFile(db.name, () => {
      try {
        checkWatched(db, false)
      } catch (error) {
        if (!isServiceError(error, 'STORE_REPLACED')) throw error
        // The file may be gone because a generation was published since this connection looked for one in this tick.
        checkWatched(db, true)
      }
      return work()
    })
  } catch (error) {
    if (isServiceError(error) && LOSSES.has(error.code)) damageListeners.get(db)?.(error)
    throw error
  }
}

/** @throws STORE_REPLACED a file of a watched connection, which is of the newest generation, was deleted or replaced */
function checkWatched(db: SqliteDatabase, isAgain: boolean): void {
  const isNewest = watchedFiles.get(db)?.follow(isAgain) ?? true
  // A move may have changed what is watched. The file of an older generation may be gone already.
  if (isNewest) for (const identity of watchedFiles.get(db)?.identities ?? []) identity.checkSometimes()
}

/** As `guarded`, for work on a file that has no open connection yet. */
export function guardedFile<T>(file: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw storeError(error, file)
  }
}

/** SQLite's codes for a failed write. Opening a file on a full disk fails with `IOERR_SHMSIZE`. */
const FULL = new Set(['SQLITE_FULL', 'SQLITE_IOERR_WRITE', 'SQLITE_IOERR_SHMSIZE', 'SQLITE_IOERR_FSYNC'])
/**
 * Codes for content that we did not write. Our statements are fixed, so a plain error means that the schema is not
 * ours.
 */
const DAMAGED = /^SQLITE_(CORRUPT|NOTADB|ERROR$|SCHEMA|MISMATCH|IOERR_SHORT_READ|IOERR_CORRUPTFS|IOERR_DATA)/
/** Codes for a file that is a folder, is missing, or must not be opened or written. */
const CLOSED = /^SQLITE_(CANTOPEN|READONLY|PERM|AUTH)/

function storeError(error: unknown, file: string): unknown {
  if (error instanceof DamagedValue) return damaged(file, error)
  if (!(error instanceof Database.SqliteError)) return systemError(error)
  const { code } = error
  const options = { cause: error, fields: { file, sqlite: code } }
  if (DAMAGED.test(code)) return damaged(file, error)
  if (FULL.has(code)) {
    const message = `${file} cannot be written (${error.message}): make room on its disk, or raise the quota or limit`
    return new ServiceError('STORE_FULL', message, options)
  }
  if (CLOSED.test(code)) {
    const message = `${file} cannot be opened or written (${error.message}): check that it is a file, and its permissions`
    return new ServiceError('STORE_UNAVAILABLE', message, options)
  }
  return new ServiceError('STORE_UNAVAILABLE', `store: ${error.message}`, options)
}

/** Converts errors of the file system, such as a folder that cannot be created. */
function systemError(error: unknown): unknown {
  const system = systemCode(error)
  if (!(error instanceof Error) || system === undefined) return error
  const code = system === 'ENOSPC' || system === 'EDQUOT' || system === 'EFBIG' ? 'STORE_FULL' : 'STORE_UNAVAILABLE'
  return new ServiceError(code, `store: ${error.message}`, { cause: error, fields: { system } })
}

function damaged(file: string, cause: Error): ServiceError {
  const fields = { file, ...('code' in cause ? { sqlite: String(cause.code) } : {}) }
  return new ServiceError('STORE_DAMAGED', `${file} is damaged (${cause.message}): ${remedyOf(file)}`, {
    cause,
    fields,
  })
}
