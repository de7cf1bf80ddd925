import { gatherPerTick } from '../../core/per-tick.ts'
import type { TableEngine } from '../engine/table-engine.ts'
import { type Asked, Each, type Query, type Sql, type Value } from '../queries/query.ts'
import type { Row } from '../rows/columns.ts'
import { answerAsked, runQuery } from './chain/run-query.ts'
import type { Commit, PostgresDatabase } from './database.ts'

const NO_ROWS: readonly Row[] = []

/** Rows of values that are looked up in the statement of their tick. */
type Gathered = {
  readonly rows: readonly (readonly Value[])[]
  readonly resolve: (found: readonly Row[]) => void
  readonly reject: (error: unknown) => void
}

/** The reads that need more than one statement, by their first one. They begin a snapshot at once the next time. */
const needSnapshot = new WeakSet<Sql>()

/** Runs queries about the tables of one schema. */
export class PostgresTableEngine implements TableEngine {
  readonly #db: PostgresDatabase
  readonly #commit: Commit
  readonly #gathering = new WeakMap<Each, (one: Gathered) => void>()

  constructor(db: PostgresDatabase, commit: Commit) {
    this.#db = db
    this.#commit = commit
  }

  /** One statement is a snapshot by itself, without the messages of a transaction. */
  read<T>(work: (state: undefined) => Query<T>): Promise<T> {
    return this.#db.guarded(async () => {
      const query = work(undefined)
      const first = query.next(NO_ROWS)
      if (first.done === true) return first.value
      const [sql] = first.value
      if (!needSnapshot.has(sql)) {
        const step = query.next(await this.#one(first.value))
        if (step.done === true) return step.value
        needSnapshot.add(sql)
      }
      return this.#db.snapshot((queries) => runQuery(queries, work(undefined)))
    })
  }

  write<T>(work: () => Query<T>): Promise<T> {
    return this.#db.write((queries) => runQuery(queries, work()), this.#commit)
  }

  /** All rows of values that are looked up in one tick of the event loop are one statement. */
  #one(asked: Asked): Promise<readonly Row[]> {
    const [sql] = asked
    if (!(sql instanceof Each)) return answerAsked(this.#db, asked)
    const rows = asked[1] as readonly (readonly Value[])[]
    if (rows.length === 0) return Promise.resolve(NO_ROWS)
    let gather = this.#gathering.get(sql)
    if (gather === undefined) {
      gather = gatherPerTick((gathered) => void this.#answer(sql, gathered))
      this.#gathering.set(sql, gather)
    }
    return new Promise((resolve, reject) => gather({ rows, resolve, reject }))
  }

  async #answer(sql: Each, gathered: readonly Gathered[]): Promise<void> {
    try {
      const found = await answerAsked(this.#db, [sql, gathered.flatMap(({ rows }) => rows)])
      let at = 0
      for (const { rows, resolve } of gathered) {
        resolve(found.slice(at, at + rows.length))
        at += rows.length
      }
    } catch (error) {
      for (const { reject } of gathered) reject(error)
    }
  }
}
