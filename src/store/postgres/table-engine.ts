import type { TableEngine } from '../engine/table-engine.ts'
import { type Asked, needSnapshot, type Query } from '../queries/query.ts'
import type { Row } from '../rows/columns.ts'
import { askerOf } from './chain/alike.ts'
import { runQuery } from './chain/run-query.ts'
import type { Commit, PostgresDatabase, Queries } from './database.ts'

const NO_ROWS: readonly Row[] = []

/** How the tables are written, and where they are. */
export type TablesOf = Commit & {
  /** Given if the database is seen from several schemas: the schema of these tables, which a statement alone names. */
  readonly named?: { readonly schema: string; readonly tables: readonly string[] }
}

/** Runs queries about a group of tables. */
export class PostgresTableEngine implements TableEngine {
  readonly #db: PostgresDatabase
  readonly #commit: Commit
  /** Runs a single statement. */
  readonly #one: (asked: Asked) => Promise<readonly Row[]>

  constructor(db: PostgresDatabase, { durable, named }: TablesOf) {
    this.#db = db
    this.#commit = { durable }
    this.#one = askerOf(named === undefined ? db : naming(db, named))
  }

  /** One statement is a snapshot by itself, without the messages of a transaction. It is shared with those that are asked alike. */
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
}

/** Runs statements, each for itself, of which each table is that of this schema. */
function naming(db: PostgresDatabase, { schema, tables }: NonNullable<TablesOf['named']>): Pick<Queries, 'all'> {
  const place = new RegExp(`\\b(FROM|JOIN) (${tables.join('|')})\\b`, 'g')
  const known = new Map<string, string>()
  return {
    all: (sql, ...values) => {
      let named = known.get(sql)
      if (named === undefined) {
        named = sql.replaceAll(place, `$1 ${schema}.$2`)
        known.set(sql, named)
      }
      return db.one(named, ...values)
    },
  }
}
