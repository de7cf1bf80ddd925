import { isServiceError } from '../../core/errors.ts'
import type { TableEngine } from '../engine/table-engine.ts'
import { needSnapshot, type Query } from '../queries/query.ts'
import { CheckedFile } from './checked-file.ts'
import type { Row, SqliteDatabase, Statement } from './database.ts'
import { SqliteQueries } from './run-query.ts'

const NO_ROWS: readonly Row[] = []

/** How a file is opened. */
export type TableFile = {
  readonly open: () => SqliteDatabase
  /**
   * Given if nothing in the file must be kept: if it was deleted or replaced, its connection is closed so, and another one opens the
   * file at its path.
   */
  readonly close?: (db: SqliteDatabase) => void
}

type Opened = {
  readonly db: SqliteDatabase
  readonly file: CheckedFile
  readonly queries: SqliteQueries
  readonly version: Statement
}

/** Runs queries about the tables of a file, on a connection that is opened at the first use. */
export class SqliteTableEngine implements TableEngine {
  readonly #file: TableFile
  #opened: Opened | undefined
  /** What the connection says of writes of others. */
  #seen: unknown
  #state = 0

  constructor(file: TableFile) {
    this.#file = file
  }

  read<T>(work: (state: number) => Query<T>): T {
    return this.#use(({ db, queries, version }) => {
      const seen = version.get()
      if (seen !== this.#seen) this.#state++
      this.#seen = seen
      // What is read may be newer than this state says, and is read again once its number is another one.
      const query = work(this.#state)
      const first = query.next(NO_ROWS)
      if (first.done === true) return first.value
      const [sql] = first.value
      if (!needSnapshot.has(sql)) {
        const step = query.next(queries.answer(first.value))
        if (step.done === true) return step.value
        needSnapshot.add(sql)
      }
      return db.transaction(() => queries.run(work(this.#state))).deferred()
    })
  }

  write<T>(work: () => Query<T>): T {
    return this.#use(({ db, queries }) => {
      // The connection does not tell of its own writes.
      this.#state++
      return db.transaction(() => queries.run(work())).immediate()
    })
  }

  #use<T>(work: (opened: Opened) => T): T {
    const opened = this.#open()
    try {
      return opened.file.use(() => work(opened))
    } catch (error) {
      const { close } = this.#file
      if (close === undefined || !isServiceError(error, 'STORE_REPLACED')) throw error
      this.#opened = undefined
      this.#state++
      close(opened.db)
      const again = this.#open()
      return again.file.use(() => work(again))
    }
  }

  #open(): Opened {
    if (this.#opened !== undefined) return this.#opened
    const db = this.#file.open()
    const [file, queries] = [new CheckedFile(db), new SqliteQueries(db)]
    this.#opened = { db, file, queries, version: db.prepare('PRAGMA data_version').pluck() }
    return this.#opened
  }
}
