import type { CustodyEngine } from '../queries/custody/custody-engine.ts'
import type { Query } from '../queries/query.ts'
import { runQuery } from './chain/run-query.ts'
import type { Commit, PostgresDatabase } from './database.ts'

/** The number of the lock under which one process at a time writes custody. */
const CUSTODY_LOCK = 7_291_406_114

/** Runs queries about custody. Writers take turns, so rows get their numbers in the order of the commits. */
export class PostgresCustodyEngine implements CustodyEngine {
  readonly #db: PostgresDatabase
  readonly #commit: Commit

  constructor(db: PostgresDatabase, commit: Commit) {
    this.#db = db
    this.#commit = commit
  }

  read<T>(work: () => Query<T>): Promise<T> {
    return this.#db.snapshot((queries) => runQuery(queries, work()))
  }

  write<T>(work: () => Query<T>): Promise<T> {
    return this.#db.write(async (queries) => {
      await queries.run('SELECT pg_advisory_xact_lock(hashtextextended(current_schema(), ?))', CUSTODY_LOCK)
      return runQuery(queries, work())
    }, this.#commit)
  }
}
