import type { Sql } from '../queries/query.ts'
import type { TableShape } from '../queries/record-snapshot.ts'
import { anyRowOf, hasRows, isSaved, type RecordTarget } from '../queries/record-target.ts'
import { type Row, text } from '../rows/columns.ts'
import type { Cell } from '../seam/store-tables.ts'
import { PostgresDatabase, type Queries, type Value } from './database.ts'
import { type HeldTransaction, holdTransaction, NO_LIMITS } from './held-transaction.ts'
import { migrate } from './migrate.ts'
import { PostgresRecordSnapshot, pagesIn, tableShapes } from './record-snapshot.ts'
import { MIGRATIONS } from './schema.ts'
import { parseTarget } from './target.ts'

/** Opens the schema of a store in one snapshot. @throws STORE_MISSING and as `migrate` */
export async function openSnapshot(url: string): Promise<PostgresRecordSnapshot> {
  const db = PostgresDatabase.unhurried(parseTarget(url))
  try {
    await migrate(db, { migrations: MIGRATIONS, create: false })
    return await PostgresRecordSnapshot.open(db)
  } catch (error) {
    await db.close()
    throw error
  }
}

/** The schema of a store that is filled. No other process can write the tables meanwhile. */
export class PostgresRecordTarget implements RecordTarget {
  readonly #db: PostgresDatabase
  readonly #held: HeldTransaction

  private constructor(db: PostgresDatabase, held: HeldTransaction) {
    this.#db = db
    this.#held = held
  }

  /** Makes the tables, unless the store has rows. @throws STORE_MISMATCH it has rows of its own; and as `migrate` */
  static async open(url: string): Promise<PostgresRecordTarget> {
    const db = PostgresDatabase.unhurried(parseTarget(url))
    let held: HeldTransaction | undefined
    try {
      // Nothing is changed before this: not even an older version's tables.
      await db.guarded(() => mustBeEmpty(db, db))
      await migrate(db, { migrations: MIGRATIONS, create: true })
      held = await holdTransaction((work) => db.write(work))
      const { queries } = held
      const tables = (await tableShapes(queries, db.target.schema)).filter(isSaved).map(({ name }) => name)
      await db.guarded(() => queries.exec(`LOCK TABLE ${tables.join(', ')} IN SHARE ROW EXCLUSIVE MODE; ${NO_LIMITS}`))
      await db.guarded(() => mustBeEmpty(db, queries))
      return new PostgresRecordTarget(db, held)
    } catch (error) {
      await held?.rollBack()
      await db.close()
      throw error
    }
  }

  tables(): Promise<readonly TableShape[]> {
    return this.#db.guarded(() => tableShapes(this.#held.queries, this.#db.target.schema))
  }

  insert(table: TableShape, rows: readonly (readonly Cell[])[]): Promise<void> {
    return this.#db.guarded(() => insertRows(this.#held.queries, { ...table, schema: this.#db.target.schema }, rows))
  }

  pages(sql: Sql): AsyncIterable<readonly Row[]> {
    return pagesIn(this.#db, this.#held.queries, sql)
  }

  commit(): Promise<void> {
    return this.#held.commit()
  }

  async close(): Promise<void> {
    try {
      await this.#held.rollBack()
    } finally {
      await this.#db.close()
    }
  }
}

async function mustBeEmpty({ target }: PostgresDatabase, queries: Queries): Promise<void> {
  const { schema, place } = target
  for (const table of (await tableShapes(queries, schema)).filter(isSaved)) {
    const any = await queries.get(anyRowOf({ ...table, name: `${schema}.${table.name}` }).text)
    if (any !== undefined) throw hasRows(table, `schema ${schema} of ${place}`)
  }
}

/** A table of a schema, with the columns that rows have. */
type Into = Pick<TableShape, 'name' | 'columns'> & { readonly schema: string }

/** Adds rows to a table in one statement. Call it in a transaction. */
export async function insertRows(
  queries: Queries,
  { schema, name, columns }: Into,
  rows: readonly (readonly Cell[])[],
): Promise<void> {
  const types = new Map((await queries.all(TYPES, schema, name)).map(([column, type]) => [column, type]))
  const arrays = columns.map((column) => `?::${text(types.get(column))}[]`)
  const values: Value[] = columns.map((_, index) => rows.map((row) => row[index] ?? null))
  const names = columns.map(quoted).join(', ')
  await queries.run(`INSERT INTO ${name} (${names}) SELECT * FROM unnest(${arrays.join(', ')})`, ...values)
  // Rows that are added later get higher numbers.
  for (const [sequence, column] of await queries.all(SEQUENCES, name, schema, name)) {
    await queries.all(`SELECT setval('${text(sequence)}', max(${quoted(text(column))})) FROM ${name}`)
  }
}

const TYPES =
  'SELECT column_name::text, data_type::text FROM information_schema.columns WHERE table_schema = ? AND table_name = ?'
const SEQUENCES = `SELECT pg_get_serial_sequence(?, column_name::text), column_name::text FROM information_schema.columns
  WHERE table_schema = ? AND table_name = ? AND is_identity = 'YES'`

function quoted(name: string): string {
  return `"${name}"`
}
