import type pg from 'pg'
import type { Row } from '../rows/columns.ts'
import type { Statements, Value } from './prepared-statements.ts'

/** About what a number takes. */
const NUMBER_BYTES = 8

/** Runs statements whose parameters are written as `?`. Each statement is prepared once for each connection. */
export interface Queries {
  all(sql: string, ...values: readonly Value[]): Promise<readonly Row[]>
  /** The first row; undefined if there is none. */
  get(sql: string, ...values: readonly Value[]): Promise<Row | undefined>
  /**
   * Runs a statement whose rows nobody wants. In a transaction, it may return before the server did it: if it fails, the transaction
   * fails, and so does what is awaited next.
   */
  run(sql: string, ...values: readonly Value[]): Promise<void>
}

/** The statements of one transaction. */
export interface Transaction extends Queries {
  /** Runs statements that have no parameters, without preparing them. */
  exec(sql: string): Promise<void>
}

/**
 * How a connection is used. `begun`: is answered once its transaction has begun, and rejected if that failed. `maxUnansweredBytes`: of
 * statements and values that are sent before an answer is awaited.
 */
type Use = { readonly statements: Statements; readonly begun: Promise<void>; readonly maxUnansweredBytes: number }

/**
 * The statements of the transaction that is open on a connection. They are sent one behind the other, without waiting for the answers to
 * those before, and the server runs them in this order. If one fails that was not awaited, all later ones throw its error.
 *
 * A `SELECT` is sent even before the answer to the beginning has come. Other statements wait for that, so that nothing can be written
 * outside of the transaction.
 */
export class OpenTransaction implements Transaction {
  readonly #client: pg.ClientBase
  readonly #use: Use
  #unansweredBytes = 0
  /** What the first statement threw that was not awaited. */
  #failed: { readonly error: unknown } | undefined

  constructor(client: pg.ClientBase, use: Use) {
    this.#client = client
    this.#use = use
  }

  readonly all: Transaction['all'] = async (sql, ...values) => {
    if (!isRead(sql)) await this.#use.begun
    const { statements, begun } = this.#use
    const [{ rows }] = await Promise.all([this.#answer<pg.QueryArrayResult<Row[]>>(statements.of(sql, values)), begun])
    return rows
  }

  readonly get: Transaction['get'] = async (sql, ...values) => (await this.all(sql, ...values))[0]

  readonly run: Transaction['run'] = async (sql, ...values) => {
    if (!isRead(sql)) await this.#use.begun
    const statement = this.#use.statements.of(sql, values)
    const bytes = sql.length + bytesOf(statement.values)
    if (this.#unansweredBytes + bytes > this.#use.maxUnansweredBytes) {
      // Answers come in order: those before have come then.
      await this.#answer(statement)
      return
    }
    this.#mustNotHaveFailed()
    this.#unansweredBytes += bytes
    this.#send(statement, (error) => {
      this.#unansweredBytes -= bytes
      if (error !== null) this.#failed ??= { error }
    })
  }

  readonly exec: Transaction['exec'] = async (sql) => {
    await this.#use.begun
    await this.#answer(sql)
  }

  /** Commits what was sent, all of which has succeeded when this returns. */
  readonly commit = async (): Promise<void> => {
    const ended = await this.end()
    // The server answers so, without an error, if a statement had failed.
    if (ended !== 'COMMIT') throw new Error('a transaction ended in ROLLBACK although no statement of it failed')
  }

  /** Ends the transaction. Returns COMMIT, or ROLLBACK if a statement failed that was awaited. */
  readonly end = async (): Promise<string> => {
    await this.#use.begun
    const { command } = await this.#answer<pg.QueryResult>('COMMIT')
    this.#mustNotHaveFailed()
    return command
  }

  #answer<Result>(statement: string | pg.QueryArrayConfig): Promise<Result> {
    this.#mustNotHaveFailed()
    return new Promise((resolve, reject) => {
      this.#send(statement, (error, result) => {
        if (error === null) resolve(result as Result)
        else reject(this.#failed?.error ?? error)
      })
    })
  }

  /** `told` is called at once if a statement cannot be sent: so it is known before another one is sent. */
  #send(statement: string | pg.QueryArrayConfig, told: (error: Error | null, result: unknown) => void): void {
    void this.#client.query(statement as string, told)
  }

  #mustNotHaveFailed(): void {
    if (this.#failed !== undefined) throw this.#failed.error
  }
}

function isRead(sql: string): boolean {
  return sql.startsWith('SELECT')
}

/** About how much is sent for values. */
function bytesOf(values: readonly unknown[]): number {
  let bytes = 0
  for (const value of values) bytes += typeof value === 'string' || Buffer.isBuffer(value) ? value.length : NUMBER_BYTES
  return bytes
}
