import { basename } from 'node:path'
import {
  ALONE,
  type Asked,
  Each,
  GENERATION,
  type Named,
  type Query,
  type Sql,
  TURN,
  type Value,
} from '../queries/query.ts'
import { NO_ROW, type Row, type RowStatement, type SqliteDatabase, type Statement } from './database.ts'

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
  answer(asked: Asked): readonly Row[] {
    const [sql] = asked
    if (!sql.hasRows) return this.#other(asked)
    const statement = this.#prepared.get(sql) ?? this.#prepare(sql)
    if (!sql.isOne) return statement.all(...(asked.slice(1) as readonly (Value | Named)[]))
    const row = getOne(statement, asked)
    return row === undefined ? NO_ROWS : [row]
  }

  /** Answers what is no plain read. */
  #other(asked: Asked): readonly Row[] {
    const [sql] = asked
    // All that writes a file takes turns.
    if (sql === TURN || sql === ALONE) return NO_ROWS
    if (sql === GENERATION) return [[basename(this.#db.name)]]
    if (!(sql instanceof Each)) {
      this.#toWrite(sql).run(...(asked.slice(1) as readonly (Value | Named)[]))
      return NO_ROWS
    }
    const rows = asked[1] as readonly (readonly Value[])[]
    if (sql.isRead) {
      const statement = this.#prepared.get(sql) ?? this.#prepare(sql)
      return rows.map((values) => statement.get(...values) ?? NO_ROW)
    }
    const statement = this.#toWrite(sql)
    for (const values of rows) statement.run(...values)
    return NO_ROWS
  }

  #toWrite(sql: Sql): Statement {
    let statement = this.#writes.get(sql)
    if (statement === undefined) {
      statement = this.#db.prepare(sql.text)
      this.#writes.set(sql, statement)
    }
    return statement
  }

  #prepare(sql: Sql): RowStatement {
    const statement = this.#db.prepare(sql.text).raw()
    this.#prepared.set(sql, statement)
    return statement
  }
}

/** The first row. The most frequent look-ups have one value or three, and cost no list of them. */
function getOne(statement: RowStatement, asked: Asked): Row | undefined {
  if (asked.length === 4) return statement.get(asked[1], asked[2], asked[3])
  if (asked.length === 2) return statement.get(asked[1])
  return statement.get(...(asked.slice(1) as readonly (Value | Named)[]))
}
