import type { HeldTables, Hold, TableShape } from '../engine/held-tables.ts'
import type { Asked } from '../queries/query.ts'
import { quotedNames } from '../queries/table-rows.ts'
import { type Row, text } from '../rows/columns.ts'
import { isCopied } from '../rows/table-lists.ts'
import type { Cell, StorePart } from '../seam/store-parts.ts'
import { makePart, schemaOf, tablesOf } from './chain/chain-place.ts'
import { inWords } from './chain/run-query.ts'
import { PostgresDatabase, type Queries, type Transaction, type Value } from './database.ts'
import { type HeldTransaction, holdTransaction, NO_LIMITS } from './held-transaction.ts'
import { type Lease, takeLease } from './lease.ts'
import { readModel, schemaFaults } from './ledger/schema-faults.ts'
import { migrate, mustBeKnown } from './migrate.ts'
import { STORE_TABLES } from './schema.ts'
import { parseTarget, type Target } from './target.ts'

/** Rows of a page: one message of the server. */
const PAGE_ROWS = 1_000
/** Most differences of tables that are reported. */
const MAX_FAULTS = 10

/** Numbers the cursors of this process. */
let cursors = 0

/** The tables of one schema, seen from a command's own connections. */
export class PostgresHeldTables implements HeldTables {
  readonly tables: readonly TableShape[]
  readonly #parts: Parts
  /** The snapshot, or the transaction that writes, while there is one. */
  #open: HeldTransaction | undefined
  #lease: Lease | undefined

  private constructor(parts: Parts, tables: readonly TableShape[]) {
    this.#parts = parts
    this.tables = tables
  }

  /** Holds a part of the store of a URL; undefined if it has no tables. @throws LEASE_HELD; and as `migrate` */
  static async open(url: string, part: StorePart, how: Hold): Promise<PostgresHeldTables | undefined> {
    const db = PostgresDatabase.unhurried(parseTarget(url))
    try {
      if (how === 'make') await makePart(db, part)
      else if (how === 'read' && part.of === 'store') await migrate(db, { ...STORE_TABLES, create: false })
      const schema = schemaOf(db.target.schema, part)
      const tables = await tableShapes(db, schema)
      if (tables.length === 0) {
        await db.close()
        return undefined
      }
      if (how === 'hold') await mustBeKnown(db.within([schema]), tablesOf(part, schema))
      const view = part.of === 'store' ? db : db.within([schema, db.target.schema])
      const opened = new PostgresHeldTables({ db, view, schema, part, how }, tables)
      if (how === 'read') opened.#open = await opened.#snapshot()
      // Tables that are made are held once they are used: their making alone waits for nobody.
      if (how === 'hold') await opened.#hold()
      return opened
    } catch (error) {
      await db.close()
      throw error
    }
  }

  /** The snapshot of a store that is open. */
  static async snapshot(target: Target): Promise<PostgresHeldTables> {
    const db = PostgresDatabase.unhurried(target)
    try {
      const { schema } = target
      const parts: Parts = { db, view: db, schema, part: { of: 'store' }, how: 'read' }
      const opened = new PostgresHeldTables(parts, await tableShapes(db, schema))
      opened.#open = await opened.#snapshot()
      return opened
    } catch (error) {
      await db.close()
      throw error
    }
  }

  async *pages(asked: Asked): AsyncGenerator<readonly Row[], void> {
    const { db } = this.#parts
    const { how, part } = this.#parts
    const isLocked = how === 'make' && part.of === 'store'
    const open = this.#open ?? (isLocked ? await this.#writing() : undefined)
    if (open !== undefined) return yield* pagesIn(db, open.queries, asked)
    // A lease could not be prolonged while a transaction checks it, so what is not written at the moment is read by itself.
    await this.#hold()
    const own = await this.#snapshot()
    try {
      yield* pagesIn(db, own.queries, asked)
    } finally {
      await own.commit()
    }
  }

  async insert(table: TableShape, rows: readonly (readonly Cell[])[]): Promise<void> {
    const { db, schema } = this.#parts
    const { queries } = this.#open ?? (await this.#writing())
    await db.guarded(() => insertRows(queries, { ...table, schema }, rows))
  }

  async commit(): Promise<void> {
    const open = this.#open
    this.#open = undefined
    await open?.commit()
  }

  async faults(of: 'tables' | 'files'): Promise<readonly string[]> {
    if (of === 'files') return []
    const { db } = this.#parts
    return schemaFaults(db, await readModel(db), MAX_FAULTS)
  }

  async close(): Promise<void> {
    const { db } = this.#parts
    try {
      await this.#open?.rollBack()
      await this.#lease?.release()
    } finally {
      await db.close()
    }
  }

  /** Keeps other writers of a chain away. @throws LEASE_HELD */
  async #hold(): Promise<void> {
    const { db, part, how } = this.#parts
    if (how !== 'read' && part.of === 'journal') this.#lease ??= await takeLease(db, part.chain)
  }

  async #snapshot(): Promise<HeldTransaction> {
    const { db, view } = this.#parts
    const held = await holdTransaction((work) => view.snapshot(work))
    // The snapshot is of the first statement that reads.
    await db.guarded(() => held.queries.exec(`${NO_LIMITS}; SELECT 1`))
    return held
  }

  /** Begins a transaction that writes, beside which nobody else does. */
  async #writing(): Promise<HeldTransaction> {
    const { db, view } = this.#parts
    await this.#hold()
    const lease = this.#lease
    const held = await holdTransaction((work) => (lease === undefined ? view.write(work) : lease.write(work, { view })))
    const names = this.tables.filter(isCopied).map(({ name }) => name)
    const lock = lease === undefined ? `LOCK TABLE ${names.join(', ')} IN SHARE ROW EXCLUSIVE MODE; ` : ''
    this.#open = held
    await db.guarded(() => held.queries.exec(`${lock}${NO_LIMITS}`))
    return held
  }
}

/** `view`: the connections, seen from the schema of the tables. */
type Parts = {
  readonly db: PostgresDatabase
  readonly view: PostgresDatabase
  readonly schema: string
  readonly part: StorePart
  readonly how: Hold
}

/** The rows of a statement in a transaction, page by page. */
export async function* pagesIn(
  db: PostgresDatabase,
  queries: Transaction,
  asked: Asked,
): AsyncGenerator<readonly Row[], void> {
  const name = `rows_${cursors++}`
  const { text: sql, values } = inWords(asked)
  const run = (statement: string, ...given: readonly Value[]): Promise<readonly Row[]> =>
    db.guarded(() => queries.all(statement, ...given))
  await run(`DECLARE ${name} NO SCROLL CURSOR FOR ${sql}`, ...values)
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
  for (const [table, column, at] of await queries.all(COLUMNS, schema)) {
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

/**
 * Tables with their columns, and the places of those of their keys: also tables that the role may not read, which
 * `information_schema` leaves out. A backup without them would look whole.
 */
const COLUMNS = `SELECT c.relname::text, a.attname::text, array_position(i.indkey::int2[], a.attnum)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
  WHERE n.nspname = ? AND c.relkind IN ('r', 'p')`

/** A table of a schema, with the columns that rows have. */
type Into = Pick<TableShape, 'name' | 'columns'> & { readonly schema: string }

/** Adds rows to a table in one statement. Call it in a transaction. */
async function insertRows(
  queries: Queries,
  { schema, name, columns }: Into,
  rows: readonly (readonly Cell[])[],
): Promise<void> {
  const types = new Map((await queries.all(TYPES, schema, name)).map(([column, type]) => [column, type]))
  const arrays = columns.map((column) => `?::${text(types.get(column))}[]`)
  const values: Value[] = columns.map((_, index) => rows.map((row) => row[index] ?? null))
  const into = `INSERT INTO ${name} (${quotedNames(columns)})`
  await queries.run(`${into} SELECT * FROM unnest(${arrays.join(', ')})`, ...values)
  // Rows that are added later get higher numbers.
  for (const [sequence, column] of await queries.all(SEQUENCES, name, schema, name)) {
    await queries.all(`SELECT setval('${text(sequence)}', max("${text(column)}")) FROM ${name}`)
  }
}

const TYPES =
  'SELECT column_name::text, data_type::text FROM information_schema.columns WHERE table_schema = ? AND table_name = ?'
const SEQUENCES = `SELECT pg_get_serial_sequence(?, column_name::text), column_name::text FROM information_schema.columns
  WHERE table_schema = ? AND table_name = ? AND is_identity = 'YES'`
