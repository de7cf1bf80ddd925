import { CheckedFile } from '../checked-file.ts'
import type { SqliteDatabase } from '../database.ts'

/** A lazily opened connection to the authoritative file, and the statements that were prepared on it. */
export class Connection<Statements> {
  readonly #open: () => SqliteDatabase
  readonly #prepare: (db: SqliteDatabase) => Statements
  #opened: { readonly db: SqliteDatabase; readonly file: CheckedFile; readonly statements: Statements } | undefined

  constructor(open: () => SqliteDatabase, prepare: (db: SqliteDatabase) => Statements) {
    this.#open = open
    this.#prepare = prepare
  }

  /** Returns what the reads return. @throws STORE_UNAVAILABLE and similar codes, as `CheckedFile` */
  read<T>(work: (statements: Statements) => T): T {
    const { file, statements } = this.#use()
    return file.use(() => work(statements))
  }

  /** Runs reads and writes as one transaction, which sees what other processes have committed. */
  write<T>(work: (statements: Statements) => T): T {
    const { db, file, statements } = this.#use()
    return file.use(() => db.transaction(() => work(statements)).immediate())
  }

  /** Runs reads as one snapshot. */
  snapshot<T>(work: (statements: Statements) => T): T {
    const { db, file, statements } = this.#use()
    return file.use(() => db.transaction(() => work(statements)).deferred())
  }

  #use() {
    if (this.#opened !== undefined) return this.#opened
    const db = this.#open()
    this.#opened = { db, file: new CheckedFile(db), statements: this.#prepare(db) }
    return this.#opened
  }
}
