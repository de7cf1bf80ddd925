import pg from 'pg'
import { ServiceError } from '../../core/errors.ts'
import { int } from '../rows/columns.ts'
import { missingNames } from '../rows/missing-names.ts'
import type { PostgresDatabase, Queries, Transaction } from './database.ts'
import { makesIndex, missingObjects } from './missing-objects.ts'
import { READ_ONLY } from './store-error.ts'

/** The oldest major version of the server that the statements are written for. */
const LEAST_VERSION = 14
/** The number of the lock under which one process at a time changes tables. */
const MIGRATION_LOCK = 7_291_406_113

/** The tables of a schema. `remedy`: what to do if some are missing. */
export type SchemaTables = { readonly migrations: readonly string[]; readonly remedy: string }

/**
 * Checks the server and the tables, and brings these to the newest version: each migration in a transaction of its own, one process
 * at a time.
 * @throws STORE_MISSING there are no tables and `create` is false
 * @throws STORE_MISMATCH a newer version of Steelyard made the tables
 * @throws STORE_DAMAGED tables or columns are missing, or, if `create` is true, indexes
 * @throws CONFIG_INVALID the server is too old, or the role lacks a right
 * @throws STORE_UNAVAILABLE the server is read-only or cannot be reached
 */
export async function migrate(
  db: PostgresDatabase,
  { migrations, remedy, create }: SchemaTables & { readonly create: boolean },
): Promise<void> {
  const { schema, place } = db.target
  await assertUsable(db, create)
  const stored = await versionOf(db, schema)
  if (stored === 0 && !create)
    throw new ServiceError('STORE_MISSING', `there is no store in schema ${schema} of ${place}`)
  assertKnown(stored, migrations, db)
  await mustBeWhole(db, { migrations: migrations.slice(0, stored), remedy }, create)
  for (let next = stored; next < migrations.length; next++) {
    await db.write(async (queries) => {
      await queries.run('SELECT pg_advisory_xact_lock(?)', MIGRATION_LOCK)
      const version = await versionOf(queries, schema)
      assertKnown(version, migrations, db)
      if (version > next) return
      if (version === 0) await createSchema(queries, schema)
      await queries.exec(migrations[next] ?? '')
      await queries.run('INSERT INTO migrations (number) VALUES (?)', next + 1)
    })
  }
}

/**
 * Checks what a server reports as `server_version_num`, such as 170009.
 * @throws CONFIG_INVALID it is too old
 */
export function assertVersion(reported: number, place: string): void {
  const version = Math.floor(reported / 10_000)
  if (version >= LEAST_VERSION) return
  const says = `store: ${place} is PostgreSQL ${version}: Steelyard needs ${LEAST_VERSION} or later`
  throw new ServiceError('CONFIG_INVALID', says)
}

async function assertUsable(db: PostgresDatabase, writes: boolean): Promise<void> {
  const { place, schema } = db.target
  const row = await db.get(SERVER, schema, schema)
  assertVersion(
    db.read(() => int(row?.[0])),
    place,
  )
  if (row?.[1] === true) {
    throw new ServiceError('STORE_UNAVAILABLE', `store: ${place} is a read-only replica: name the primary server`)
  }
  if (writes && row?.[2] === 'on') {
    throw new ServiceError('STORE_UNAVAILABLE', `store: ${place} allows only reading: ${READ_ONLY}`)
  }
  if (row?.[3] === false) {
    throw new ServiceError(
      'CONFIG_INVALID',
      `store: the schema ${schema} has the name of a word of SQL: name another one`,
    )
  }
}

const SERVER = `SELECT current_setting('server_version_num')::integer, pg_is_in_recovery(),
    current_setting('transaction_read_only'), quote_ident(?) = ?`

/** Makes a schema that is not there with its tables, as a part of the caller's transaction, whose search path it is. */
export async function createTables(queries: Transaction, schema: string, migrations: readonly string[]): Promise<void> {
  await createSchema(queries, schema)
  for (const [index, migration] of migrations.entries()) {
    await queries.exec(migration)
    await queries.run('INSERT INTO migrations (number) VALUES (?)', index + 1)
  }
}

async function createSchema(queries: Transaction, schema: string): Promise<void> {
  // CREATE SCHEMA IF NOT EXISTS needs a right on the database even if the schema is there.
  const exists = await queries.get('SELECT 1 FROM pg_namespace WHERE nspname = ?', schema)
  if (exists === undefined) await queries.exec(`CREATE SCHEMA ${pg.escapeIdentifier(schema)}`)
  await queries.exec(
    'CREATE TABLE migrations (number bigint PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())',
  )
}

/** Checks tables that are read, without changing them. @throws STORE_MISMATCH, STORE_DAMAGED as `migrate` */
export async function mustBeKnown(db: PostgresDatabase, { migrations, remedy }: SchemaTables): Promise<void> {
  const version = await versionOf(db, db.target.schema)
  assertKnown(version, migrations, db)
  await mustBeWhole(db, { migrations: migrations.slice(0, version), remedy }, false)
}

/**
 * Checks that what these migrations made is there. An index can be made again without loss: it is only needed where rows are written.
 */
async function mustBeWhole(
  db: PostgresDatabase,
  { migrations, remedy }: SchemaTables,
  isWritten: boolean,
): Promise<void> {
  const { schema, place } = db.target
  const refuse = (missing: readonly string[], what: string): void => {
    if (missing.length === 0) return
    throw new ServiceError('STORE_DAMAGED', `schema ${schema} of ${place} lacks ${missingNames(missing)}: ${what}`)
  }
  const missing = await missingObjects(db, schema, migrations)
  const indexes = missing.filter((one) => one.startsWith(INDEX))
  const rows = missing.filter((one) => !one.startsWith(INDEX))
  refuse(rows, remedy)
  const again = indexes.map((one) => makesIndex(migrations, one.slice(INDEX.length)))
  if (isWritten) refuse(indexes, `run SET search_path = ${schema}; ${again.join('; ')}`)
}

/** What names of indexes begin with, as `missingObjects` gives them. */
const INDEX = 'index '

/** How many migrations the tables of a schema have had; 0 if there are no tables. */
async function versionOf(queries: Queries, schema: string): Promise<number> {
  const exists = 'SELECT 1 FROM pg_tables WHERE schemaname = ? AND tablename = ?'
  if ((await queries.get(exists, schema, 'migrations')) === undefined) return 0
  // Named with its schema: one that the role may not use is left out of the search path, as if it had no tables.
  const found = await queries.get(`SELECT coalesce(max(number), 0) FROM ${pg.escapeIdentifier(schema)}.migrations`)
  return int(found?.[0])
}

function assertKnown(version: number, migrations: readonly string[], { target }: PostgresDatabase): void {
  if (version <= migrations.length) return
  const says = `schema ${target.schema} of ${target.place} was made by a newer version (${version}): use that version`
  throw new ServiceError('STORE_MISMATCH', says)
}
