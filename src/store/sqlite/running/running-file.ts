import { statSync } from 'node:fs'
import { isServiceError } from '../../../core/errors.ts'
import { CheckedFile } from '../checked-file.ts'
import type { SqliteDatabase } from '../database.ts'

/** How the file of running processes is opened and closed. */
export type RunningFileOptions = {
  readonly open: () => SqliteDatabase
  readonly close: (db: SqliteDatabase) => void
}

/** Bytes that are reserved in the write-ahead log, so that reports can be written on a full disk. */
const RESERVED_BYTES = 512 * 1024
/** The log is copied into the file after this many pages of 4 KiB, which is less than what is reserved. */
const CHECKPOINT_PAGES = 64

/**
 * A lazily opened connection to the file of running processes, and the statements that were prepared on it. If the file was
 * deleted or replaced, the connection moves to the one at its path: nothing in it must be kept.
 */
export class RunningFile<Statements> {
  readonly #options: RunningFileOptions
  readonly #prepare: (db: SqliteDatabase) => Statements
  #opened: { readonly db: SqliteDatabase; readonly file: CheckedFile; readonly statements: Statements } | undefined

  constructor(options: RunningFileOptions, prepare: (db: SqliteDatabase) => Statements) {
    this.#options = options
    this.#prepare = prepare
  }

  /** Returns what the reads return. @throws STORE_UNAVAILABLE and similar codes */
  read<T>(work: (statements: Statements) => T): T {
    return this.#use(({ statements }) => work(statements))
  }

  /** Runs reads and writes as one transaction. @throws STORE_UNAVAILABLE, STORE_FULL and similar codes */
  write<T>(work: (statements: Statements) => T): T {
    return this.#use(({ db, statements }) => db.transaction(() => work(statements)).immediate())
  }

  #use<T>(work: (opened: { readonly db: SqliteDatabase; readonly statements: Statements }) => T): T {
    const opened = this.#open()
    try {
      return opened.file.use(() => work(opened))
    } catch (error) {
      if (!isServiceError(error, 'STORE_REPLACED')) throw error
      this.#opened = undefined
      this.#options.close(opened.db)
      const again = this.#open()
      return again.file.use(() => work(again))
    }
  }

  #open() {
    if (this.#opened !== undefined) return this.#opened
    const db = this.#options.open()
    this.#opened = { db, file: new CheckedFile(db), statements: this.#prepare(db) }
    return this.#opened
  }
}

/**
 * Makes the write-ahead log as long as it ever gets, so that later writes need no new space. Does nothing on a disk that is
 * full already.
 */
export function reserveLog(db: SqliteDatabase): void {
  db.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`)
  if ((statSync(`${db.name}-wal`, { throwIfNoEntry: false })?.size ?? 0) >= RESERVED_BYTES) return
  try {
    db.transaction(() => {
      db.exec('CREATE TABLE reserved (bytes BLOB)')
      db.prepare('INSERT INTO reserved VALUES (zeroblob(?))').run(RESERVED_BYTES)
      db.exec('DROP TABLE reserved')
    }).immediate()
  } catch {
    // The reports may still fit. If not, each says so itself.
  }
}
