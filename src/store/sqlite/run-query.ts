import type { Asked, Named, Query, Sql, Value } from '../queries/query.ts'
import type { Row, RowStatement, SqliteDatabase, Statement } from './database.ts'

const NO_ROWS: readonly Row[] = []

/** Runs queries on one connection, each at once. Statements are prepared once. */
export class SqliteQueries {
  readonly #db: SqliteDatabase
  readonly #prepared = new Map<Sql, RowStatement>()
  readonly #writes = new Map<Sql, Statement>()

  constructor(db: SqliteDatabase) {
    this.#db = db
  }

  /** Runs a query to its end. Its reads are of one snapshot only if a transaction is open. @throws SqliteError */
  run<T>(query: Query<T>): T {
    let step = query.next(NO_ROWS)
    while (step.done !== true) step = query.next(this.answer(step.value))
    return step.value
  }

  /** The rows of one statement. @throws SqliteError */
  answer([sql, ...values]: Asked): readonly Row[] {
    if (!sql.hasRows) return this.#write(sql, values as readonly (Value | Named)[])
    const statement = this.#prepared.get(sql) ?? this.#prepare(sql)
    if (!sql.isOne) return statement.all(...(values as readonly (Value | Named)[]))
    const row = statement.get(...(values as readonly (Value | Named)[]))
    return row === undefined ? NO_ROWS : [row]
  }

  #write(sql: Sql, values: readonly (Value | Named)[]): readonly Row[] {
    let statement = this.#writes.get(sql)
    if (statement === undefined) {
      statement = this.#db.prepare(sql.text)
      this.#writes.set(sql, statement)
    }
    statement.run(...values)
    return NO_ROWS
  }

  #prepare(sql: Sql): RowStatement {
    const statement = this.#db.prepare(sql.text).raw()
    this.#prepared.set(sql, statement)
    return statement
  }
}
