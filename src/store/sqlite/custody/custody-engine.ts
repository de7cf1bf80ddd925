import type { CustodyEngine } from '../../queries/custody/custody-engine.ts'
import type { Query } from '../../queries/query.ts'
import { CheckedFile } from '../checked-file.ts'
import type { SqliteDatabase } from '../database.ts'
import { SqliteQueries } from '../run-query.ts'

/** A lazily opened connection to the authoritative file. */
export class SqliteCustodyEngine implements CustodyEngine {
  readonly #open: () => SqliteDatabase
  #opened: { readonly db: SqliteDatabase; readonly file: CheckedFile; readonly queries: SqliteQueries } | undefined

  constructor(open: () => SqliteDatabase) {
    this.#open = open
  }

  read<T>(work: () => Query<T>): T {
    const { db, file, queries } = this.#use()
    return file.use(() => db.transaction(() => queries.run(work())).deferred())
  }

  write<T>(work: () => Query<T>): T {
    const { db, file, queries } = this.#use()
    return file.use(() => db.transaction(() => queries.run(work())).immediate())
  }

  #use() {
    if (this.#opened !== undefined) return this.#opened
    const db = this.#open()
    this.#opened = { db, file: new CheckedFile(db), queries: new SqliteQueries(db) }
    return this.#opened
  }
}
