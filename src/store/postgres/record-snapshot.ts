import type { Sql } from '../queries/query.ts'
import type { RecordSnapshot, TableShape } from '../queries/record-snapshot.ts'
import { type Row, text } from '../rows/columns.ts'
import { translate } from './chain/run-query.ts'
import type { PostgresDatabase, Queries } from './database.ts'
import { type HeldTransaction, holdTransaction, NO_LIMITS } from './held-transaction.ts'

/** Rows of a page: one message of the server. */
const PAGE_ROWS = 1_000

/** Numbers the cursors of this process: a prepared FETCH belongs to one. */
let cursors = 0

/** The schema of a store in one snapshot. It owns its connections. */
export class PostgresRecordSnapshot implements RecordSnapshot {
  readonly #db: PostgresDatabase
  readonly #held: HeldTransaction

  private constructor(db: PostgresDatabase, held: HeldTransaction) {
    this.#db = db
    this.#held = held
  }

  /** `db`: `PostgresDatabase.unhurried`. */
  static async open(db: PostgresDatabase): Promise<PostgresRecordSnapshot> {
    const held = await holdTransaction((work) => db.snapshot(work))
    // The snapshot is of the first statement that reads.
    await db.guarded(() => held.queries.exec(`${NO_LIMITS}; SELECT 1`))
    return new PostgresRecordSnapshot(db, held)
  }

  tables(): Promise<readonly TableShape[]> {
    return this.#db.guarded(() => tableShapes(this.#held.queries, this.#db.target.schema))
  }

  pages(sql: Sql): AsyncIterable<readonly Row[]> {
    return pagesIn(this.#db, this.#held.queries, sql)
  }

  async close(): Promise<void> {
    try {
      await this.#held.commit()
    } finally {
      await this.#db.close()
    }
  }
}

/** The rows of a statement in a transaction, page by page. */
export async function* pagesIn(db: PostgresDatabase, queries: Queries, sql: Sql): AsyncGenerator<readonly Row[], void> {
  const name = `rows_${cursors++}`
  const run = (statement: string): Promise<readonly Row[]> => db.guarded(() => queries.all(statement))
  await run(`DECLARE ${name} NO SCROLL CURSOR FOR ${translate(sql.text).text}`)
  for (;;) {
    const page = await run(`FETCH ${PAGE_ROWS} FROM ${name}`)
    if (page.length > 0) yield page
    if (page.length < PAGE_ROWS) break
  }
  await run(`CLOSE ${name}`)
}

/** All tables of a schema, by name. */
export async function tableShapes(queries: Queries, schema: string): Promise<readonly TableShape[]> {
  const tables = new Map<string, { columns: string[]; key: { at: number; column: string }[] }>()
  for (const [table, column, at] of await queries.all(COLUMNS, schema, schema)) {
    const one = tables.get(text(table)) ?? { columns: [], key: [] }
    tables.set(text(table), one)
    one.columns.push(text(column))
    if (at !== null) one.key.push({ at: Number(at), column: text(column) })
  }
  return [...tables]
    .map(([name, { columns, key }]) => {
      const inOrder = key.sort((a, b) => a.at - b.at).map(({ column }) => column)
      return { name, columns: columns.sort(), key: inOrder }
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Tables with their columns, and the places of those of their keys. */
const COLUMNS = `SELECT c.table_name::text, c.column_name::text, k.ordinal_position::int
  FROM information_schema.columns c
  JOIN information_schema.tables t ON t.table_schema = c.table_schema AND t.table_name = c.table_name
    AND t.table_type = 'BASE TABLE'
  LEFT JOIN information_schema.table_constraints p ON p.table_schema = c.table_schema AND p.table_name = c.table_name
    AND p.constraint_type = 'PRIMARY KEY'
  LEFT JOIN information_schema.key_column_usage k ON k.constraint_schema = ? AND k.constraint_name = p.constraint_name
    AND k.table_name = c.table_name AND k.column_name = c.column_name
  WHERE c.table_schema = ?`
