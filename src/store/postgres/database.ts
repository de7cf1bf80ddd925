import pg from 'pg'
import { atMost } from '../../core/at-most.ts'
import { DamagedValue } from '../../journal/damaged-value.ts'
import type { Row } from '../rows/columns.ts'
import { type CopySource, copyIn } from './copy-in.ts'
import { Statements, type Value } from './prepared-statements.ts'
import { storeError } from './store-error.ts'
import type { Target } from './target.ts'
import { OpenTransaction, type Queries, type Transaction } from './transaction.ts'

/** Connections of one process. More would only queue in the server. */
const MAX_CONNECTIONS = 10
/** How long a request waits for a connection: a server that does not answer by then is down. */
const CONNECT_TIMEOUT_MS = 5_000
/** The longest statement. All are short; a longer one waits for something that won't end. */
const STATEMENT_TIMEOUT_MS = 30_000
/** The same on our side, for a server that vanished without a word. */
const QUERY_TIMEOUT_MS = STATEMENT_TIMEOUT_MS + 5_000
/** How long the server keeps the locks of a process that stopped in the middle of a transaction. */
const IDLE_IN_TRANSACTION_MS = 10_000
/** How long closed connections are waited for. */
const CLOSE_MS = 1_000

/**
 * What a transaction sends before it waits for an answer: beyond this, the server has enough to do, and what is sent takes memory here.
 */
const MAX_UNANSWERED_BYTES = 1_000_000

export type { Value } from './prepared-statements.ts'
export type { Queries, Transaction } from './transaction.ts'

/** The statements of a connection of its own. What is not committed when its work ends is undone. */
export interface OwnConnection extends Transaction {
  begin(): Promise<void>
  commit(): Promise<void>
  /** Adds rows to a table by COPY. Returns how many there are. Closes their source. */
  copyIn(table: string, columns: readonly string[], source: CopySource): Promise<number>
}

/**
 * How a transaction is committed. Not `durable`: a crash of the server may lose the last ones, but never a part of one. `first`:
 * a read that goes with the beginning, in one message; what `check` throws, given its number of rows, ends the transaction.
 */
export type Commit = {
  readonly durable?: boolean | undefined
  readonly first?: { readonly sql: string; readonly check: (rows: number) => void } | undefined
}

/** The connections to a database, seen from one schema. Errors are the store's. */
export class PostgresDatabase implements Queries {
  readonly target: Target
  readonly #pool: pg.Pool
  /** Undefined: the schema of the target, which is the one of each connection. */
  readonly #path: string | undefined
  readonly #statements = new Statements()

  constructor(target: Target, within?: { readonly pool: pg.Pool; readonly path?: string }) {
    this.target = target
    this.#path = within?.path
    this.#pool =
      within?.pool ?? poolOf(target, { application: applicationOf(target), queryTimeoutMs: QUERY_TIMEOUT_MS })
  }

  /** Connections of a command's own, whose statements may sort many rows: their transactions set the server's limits. */
  static unhurried(target: Target): PostgresDatabase {
    return new PostgresDatabase(target, { pool: poolOf(target, { application: COMMAND }) })
  }

  /** Connections of a command that must not count as a server on the store. */
  static ofCommand(target: Target): PostgresDatabase {
    const pool = poolOf(target, { application: COMMAND, queryTimeoutMs: QUERY_TIMEOUT_MS })
    return new PostgresDatabase(target, { pool })
  }

  /**
   * The same connections, seen from other schemas: a table is that of the first one that has it. Each statement is of a
   * transaction then.
   */
  within(schemas: readonly string[]): PostgresDatabase {
    const [schema = this.target.schema] = schemas
    return new PostgresDatabase({ ...this.target, schema }, { pool: this.#pool, path: schemas.join(', ') })
  }

  async all(sql: string, ...values: readonly Value[]): Promise<readonly Row[]> {
    return this.#path === undefined ? this.one(sql, ...values) : this.write((queries) => queries.all(sql, ...values))
  }

  /** Runs one statement that names the schema of each of its tables, without a transaction of its own. */
  async one(sql: string, ...values: readonly Value[]): Promise<readonly Row[]> {
    return (await this.guarded(() => this.#pool.query(this.#statements.of(sql, values)))).rows
  }

  async get(sql: string, ...values: readonly Value[]): Promise<Row | undefined> {
    return (await this.all(sql, ...values))[0]
  }

  async run(sql: string, ...values: readonly Value[]): Promise<void> {
    if (this.#path === undefined) await this.one(sql, ...values)
    else await this.write((queries) => queries.run(sql, ...values))
  }

  /**
   * Runs work as one transaction (`OpenTransaction`). Each of its statements sees what others have committed by then. `work` must not send
   * any after its promise has settled.
   */
  write<T>(work: (queries: Transaction) => Promise<T>, { durable = true, first }: Commit = {}): Promise<T> {
    const begin = durable ? 'BEGIN' : 'BEGIN; SET LOCAL synchronous_commit = off'
    return this.#transaction(begin, work, { first, end: (transaction) => transaction.commit() })
  }

  /** Runs reads as one snapshot, else as `write` does. */
  snapshot<T>(work: (queries: Transaction) => Promise<T>): Promise<T> {
    return this.#transaction('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY', work, { end: ({ end }) => end() })
  }

  /**
   * Runs work on a connection of its own, whose transactions set the server's limits. `searchPath`: of its statements.
   * @throws ABORTED the signal ended the connection
   */
  async apart<T>(searchPath: string, work: (connection: OwnConnection) => Promise<T>, signal: AbortSignal): Promise<T> {
    const client = new pg.Client(
      settingsOf({ ...this.target, schema: searchPath }, { application: applicationOf(this.target) }),
    )
    // A query that runs fails with the connection.
    client.on('error', () => undefined)
    const end = (): void => void client.connection.stream.destroy()
    return this.guarded(async () => {
      signal.throwIfAborted()
      try {
        await client.connect()
        signal.addEventListener('abort', end, { once: true })
        return await work(connectionOn(client))
      } catch (error) {
        signal.throwIfAborted()
        throw error
      } finally {
        signal.removeEventListener('abort', end)
        await client.end().catch(() => undefined)
      }
    })
  }

  /** Parses rows with `parse`. @throws STORE_DAMAGED a value is not one that we write */
  read<T>(parse: () => T): T {
    try {
      return parse()
    } catch (error) {
      throw storeError(error, this.target)
    }
  }

  /** Runs work that reads stored values. @throws STORE_DAMAGED a value is not one that we write; and as the statements */
  async guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw storeError(error, this.target)
    }
  }

  /** Resolves once the server has ended all connections, or is too busy to do so soon. */
  async close(): Promise<void> {
    if (this.#pool.ending) return
    let open = this.#pool.totalCount
    const ended = new Promise<void>((resolve) => {
      if (open === 0) resolve()
      // The pool itself waits only until they are told to end.
      this.#pool.on('remove', () => --open === 0 && resolve())
    })
    await this.#pool.end()
    await atMost(CLOSE_MS, ended)
  }

  async #transaction<T>(
    begin: string,
    work: (queries: Transaction) => Promise<T>,
    { first, end }: Pick<Commit, 'first'> & { readonly end: (transaction: OpenTransaction) => Promise<unknown> },
  ): Promise<T> {
    return this.guarded(async () => {
      const client = await this.#pool.connect()
      let broken: Error | undefined
      const fail = (error: Error): void => {
        broken = error
      }
      client.on('error', fail)
      try {
        const path = this.#path === undefined ? [] : [`SET LOCAL search_path = ${this.#path}`]
        const begun = client
          .query([begin, ...path, ...(first === undefined ? [] : [first.sql])].join('; '))
          .then((results) => first?.check(lastOf(results).rowCount ?? 0))
        // Who awaits it next finds out.
        begun.catch(() => undefined)
        const transaction = new OpenTransaction(client, {
          statements: this.#statements,
          begun,
          maxUnansweredBytes: MAX_UNANSWERED_BYTES,
        })
        const result = await work(transaction).catch(async (error: unknown) => {
          // What was read without the right to write shows nothing.
          await begun
          throw error
        })
        await end(transaction)
        return result
      } catch (error) {
        await client.query('ROLLBACK').catch(fail)
        throw error
      } finally {
        client.off('error', fail)
        client.release(broken)
      }
    })
  }
}

/** How the connections of commands that move whole stores are named. */
const COMMAND = 'steelyard command'

/** How the connections of processes on a store are named, so that a command can see whether there are any. */
export function applicationOf({ schema }: Target): string {
  return `steelyard ${schema}`.slice(0, MAX_NAME_CHARACTERS)
}

/** The server cuts longer names. */
const MAX_NAME_CHARACTERS = 63

/** `queryTimeoutMs` undefined: statements are limited by the server alone. */
type Connecting = { readonly application: string; readonly queryTimeoutMs?: number }

/** How the driver connects. */
function settingsOf({ url, options, schema }: Target, { application, queryTimeoutMs }: Connecting) {
  return {
    connectionString: url,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    ...(queryTimeoutMs === undefined ? {} : { query_timeout: queryTimeoutMs }),
    keepAlive: true,
    application_name: application,
    types: { getTypeParser },
    options: [
      options,
      `-c search_path=${schema}`,
      `-c statement_timeout=${STATEMENT_TIMEOUT_MS}`,
      `-c idle_in_transaction_session_timeout=${IDLE_IN_TRANSACTION_MS}`,
      '-c synchronous_commit=on',
      '-c client_min_messages=warning',
    ].join(' '),
  }
}

function poolOf(target: Target, how: Connecting): pg.Pool {
  const pool = new pg.Pool({ ...settingsOf(target, how), max: MAX_CONNECTIONS, pipeline: true })
  // A connection that broke while it was idle is replaced at its next use.
  pool.on('error', () => undefined)
  return pool
}

/** The result of the last statement of a message. The driver gives a list of them if there are several. */
function lastOf(results: pg.QueryResult | readonly pg.QueryResult[]): Pick<pg.QueryResult, 'rowCount'> {
  return 'rowCount' in results ? results : (results.at(-1) ?? { rowCount: null })
}

function connectionOn(client: pg.Client): OwnConnection {
  // This connection is not pipelined, so nothing is sent before what was sent before is answered.
  const use = { statements: new Statements(), begun: Promise.resolve(), maxUnansweredBytes: 0 }
  return Object.assign(new OpenTransaction(client, use), {
    begin: async () => void (await client.query('BEGIN')),
    copyIn: (table: string, columns: readonly string[], source: CopySource) =>
      copyIn(client, `COPY ${table} (${columns.join(', ')})`, source),
  })
}

/** Integers of 64 bits as numbers: all of ours are exact. Everything else as the driver parses it. */
function getTypeParser(oid: number, format?: 'text' | 'binary'): unknown {
  if (oid === pg.types.builtins.INT8) return parseInteger
  return format === 'binary' ? pg.types.getTypeParser(oid, 'binary') : pg.types.getTypeParser(oid, 'text')
}

function parseInteger(text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value)) return value
  throw new DamagedValue(`a stored integer is out of range: ${text}`)
}
