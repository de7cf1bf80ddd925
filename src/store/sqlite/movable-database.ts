import type { Query, RowStatement, Run, SqliteDatabase, Statement } from './database.ts'

/**
 * A connection that can move to another file with the same tables: statements that were prepared before are prepared
 * again there at their next use. So all that is built on a connection stays as it is when the file of a chain is replaced
 * by a new generation.
 */
export class MovableDatabase implements SqliteDatabase {
  #db: SqliteDatabase
  readonly #whenMoved: (() => void)[] = []

  constructor(db: SqliteDatabase) {
    this.#db = db
  }

  /** The connection that is used now. */
  get connection(): SqliteDatabase {
    return this.#db
  }

  get name(): string {
    return this.#db.name
  }

  get open(): boolean {
    return this.#db.open
  }

  get inTransaction(): boolean {
    return this.#db.inTransaction
  }

  /** Moves to another connection and closes the one before. No transaction may be open. */
  moveTo(db: SqliteDatabase): void {
    const before = this.#db
    this.#db = db
    for (const moved of this.#whenMoved) moved()
    before.close()
  }

  /** Calls `moved` after each move, before any statement runs on the new connection. */
  onMoved(moved: () => void): void {
    this.#whenMoved.push(moved)
  }

  prepare(sql: string): Statement {
    return new MovableStatement(this, sql)
  }

  exec(sql: string): this {
    this.#db.exec(sql)
    return this
  }

  pragma: SqliteDatabase['pragma'] = (source, options) => this.#db.pragma(source, options)

  unsafeMode: SqliteDatabase['unsafeMode'] = (isUnsafe) => this.#db.unsafeMode(isUnsafe)

  transaction: SqliteDatabase['transaction'] = (work) => this.#db.transaction(work)

  close(): this {
    this.#db.close()
    return this
  }
}

/** A statement of a connection that can move: prepared again after each move. */
class Movable<Result> implements Run, Query<Result> {
  readonly #of: MovableDatabase
  readonly #prepare: (db: SqliteDatabase) => Run & Query<Result>
  #connection: SqliteDatabase
  #statement: Run & Query<Result>

  constructor(of: MovableDatabase, prepare: (db: SqliteDatabase) => Run & Query<Result>) {
    this.#of = of
    this.#prepare = prepare
    this.#connection = of.connection
    this.#statement = prepare(of.connection)
  }

  run(...values: unknown[]): ReturnType<Run['run']> {
    return this.#now().run(...values)
  }

  get(...values: unknown[]): Result | undefined {
    return this.#now().get(...values)
  }

  all(...values: unknown[]): Result[] {
    return this.#now().all(...values)
  }

  iterate(...values: unknown[]): IterableIterator<Result> {
    return this.#now().iterate(...values)
  }

  #now(): Run & Query<Result> {
    if (this.#connection !== this.#of.connection) {
      this.#connection = this.#of.connection
      this.#statement = this.#prepare(this.#connection)
    }
    return this.#statement
  }
}

class MovableStatement extends Movable<unknown> implements Statement {
  readonly #of: MovableDatabase
  readonly #sql: string

  constructor(of: MovableDatabase, sql: string) {
    super(of, (db) => db.prepare(sql))
    this.#of = of
    this.#sql = sql
  }

  pluck(): Statement {
    return new PluckedStatement(this.#of, this.#sql)
  }

  raw(): RowStatement {
    return new Movable(this.#of, (db) => db.prepare(this.#sql).raw())
  }
}

class PluckedStatement extends Movable<unknown> implements Statement {
  constructor(of: MovableDatabase, sql: string) {
    super(of, (db) => db.prepare(sql).pluck())
  }

  pluck(): Statement {
    return this
  }

  raw(): RowStatement {
    throw new Error('a statement that gives first columns gives no rows')
  }
}
