import type { ChainId } from '../../core/chain.ts'
import { ServiceError } from '../../core/errors.ts'
import { text } from '../rows/columns.ts'
import type { Cell, StorePart, StoreTable, StoreTables } from '../seam/store-tables.ts'
import { chainSchemas, JOURNAL_MIGRATIONS, makeChain, READ_MIGRATIONS } from './chain/chain-place.ts'
import { PostgresDatabase, type Transaction } from './database.ts'
import { type Lease, takeLease } from './lease.ts'
import { migrate, mustBeKnown } from './migrate.ts'
import { tableShapes } from './record-snapshot.ts'
import { insertRows } from './record-target.ts'
import { MIGRATIONS } from './schema.ts'
import { parseTarget } from './target.ts'

/** Tables that are of this engine, or are filled again by themselves. */
const NOT_COPIED = new Set([
  ...['migrations', 'leases', 'accepted_clocks', 'reports', 'comparisons', 'calls'],
  ...['queued', 'repaired'],
])

/** The rows of a store in a database. It holds the leases of the chains whose rows it reads or writes. */
export class PostgresTables implements StoreTables {
  readonly #db: PostgresDatabase
  readonly #leases = new Map<ChainId, Lease>()

  constructor(url: string) {
    this.#db = PostgresDatabase.ofCommand(parseTarget(url))
  }

  async tables(part: StorePart, make: boolean): Promise<readonly StoreTable[]> {
    if (make) await this.#make(part)
    const schema = this.#schemaOf(part)
    const shapes = await tableShapes(this.#db, schema)
    if (!make && shapes.length > 0) {
      await mustBeKnown(this.#db.within([schema]), migrationsOf(part))
      if (part.of === 'journal') await this.#lease(part.chain)
    }
    return shapes.filter(({ name }) => !NOT_COPIED.has(name)).map((table) => ({ part, ...table }))
  }

  async rows(
    table: StoreTable,
    after: readonly Cell[] | undefined,
    limit: number,
  ): Promise<readonly (readonly Cell[])[]> {
    const key = table.key.map(quoted).join(', ')
    const where = after === undefined ? '' : `WHERE (${key}) > (${table.key.map(() => '?').join(', ')})`
    const sql = `SELECT ${table.columns.map(quoted).join(', ')} FROM ${table.name} ${where} ORDER BY ${key} LIMIT ?`
    return this.#in(
      table,
      (queries) => queries.all(sql, ...(after ?? []), limit) as Promise<readonly (readonly Cell[])[]>,
    )
  }

  async last(table: StoreTable): Promise<readonly Cell[] | undefined> {
    const order = table.key.map((column) => `${quoted(column)} DESC`).join(', ')
    const sql = `SELECT ${table.key.map(quoted).join(', ')} FROM ${table.name} ORDER BY ${order} LIMIT 1`
    return this.#in(table, (queries) => queries.get(sql) as Promise<readonly Cell[] | undefined>)
  }

  async insert(table: StoreTable, rows: readonly (readonly Cell[])[]): Promise<void> {
    await this.#in(table, (queries) => insertRows(queries, { ...table, schema: this.#schemaOf(table.part) }, rows))
  }

  async distribute(part: StorePart): Promise<readonly string[]> {
    const extension = await this.#db.get("SELECT 1 FROM pg_proc WHERE proname = 'create_distributed_table' LIMIT 1")
    if (extension === undefined) {
      const message = `store: ${this.#db.target.place} has no extension citus: as its owner run CREATE EXTENSION citus`
      throw new ServiceError('CONFIG_INVALID', message)
    }
    // What is of the store itself is small, and has keys across accounts.
    if (part.of === 'store') return []
    const [schema, tables] = [this.#schemaOf(part), await this.tables(part, true)]
    if (part.of === 'journal') await this.#lease(part.chain)
    const spread = await this.#db.all('SELECT logicalrelid::regclass::text FROM pg_dist_partition')
    const isSpread = new Set(spread.map(([name]) => text(name)))
    const done: string[] = []
    for (const { name, key } of tables) {
      const full = `${schema}.${name}`
      if (isSpread.has(full)) continue
      // Rows of one account lie together: its tables are spread alike.
      const ofAccount = key[0] === 'account'
      if (ofAccount) await this.#db.all("SELECT create_distributed_table(?::regclass, 'account')", full)
      else await this.#db.all('SELECT create_reference_table(?::regclass)', full)
      done.push(`${full}: ${ofAccount ? 'spread by account' : 'a copy on each server'}`)
    }
    return done
  }

  async close(): Promise<void> {
    try {
      for (const lease of this.#leases.values()) await lease.release()
    } finally {
      await this.#db.close()
    }
  }

  async #in<T>({ part }: StoreTable, work: (queries: Transaction) => Promise<T>): Promise<T> {
    const view = this.#db.within([this.#schemaOf(part), this.#db.target.schema])
    return part.of === 'journal' ? (await this.#lease(part.chain)).write(work, view) : view.write(work)
  }

  /** @throws LEASE_HELD another process writes the chain */
  async #lease(chain: ChainId): Promise<Lease> {
    const lease = this.#leases.get(chain) ?? (await takeLease(this.#db, chain))
    this.#leases.set(chain, lease)
    return lease
  }

  #schemaOf(part: StorePart): string {
    const { schema } = this.#db.target
    if (part.of === 'store') return schema
    const { journal, reads } = chainSchemas(schema, part.chain)
    return part.of === 'journal' ? journal : reads
  }

  async #make(part: StorePart): Promise<void> {
    await migrate(this.#db, { migrations: MIGRATIONS, create: true })
    if (part.of === 'store') return
    if (part.chain.startsWith('ledger:')) {
      await migrate(this.#db.within([this.#schemaOf(part)]), { migrations: READ_MIGRATIONS, create: true })
    } else await makeChain(this.#db, part.chain)
  }
}

function migrationsOf({ of }: StorePart): readonly string[] {
  if (of === 'store') return MIGRATIONS
  return of === 'journal' ? JOURNAL_MIGRATIONS : READ_MIGRATIONS
}

function quoted(name: string): string {
  return `"${name}"`
}
