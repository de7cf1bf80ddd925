import { text } from '../../rows/columns.ts'
import { JOURNAL_MIGRATIONS } from '../chain/chain-place.ts'
import type { OwnConnection } from '../database.ts'
import { createTables } from '../migrate.ts'
import { COPIED, COPIED_TABLES, type CopiedTable } from './copy-columns.ts'
import { openRows } from './copy-sink.ts'

/** Memory of the server for the sort of an index. */
const SORT_MEMORY = '128MB'

/** Tables of a build that its publication drops. */
export const OF_BUILD = `CREATE TABLE shown (asset bigint NOT NULL, block bigint NOT NULL, hash bytea NOT NULL, account bytea);
  CREATE TABLE hinted_again AS SELECT * FROM hints WITH NO DATA`

/** Keys and indexes of the tables that a build fills: how each is dropped and made. */
const CONSTRAINTS = `SELECT format('ALTER TABLE %I DROP CONSTRAINT %I', t.relname, c.conname),
    format('ALTER TABLE %I ADD CONSTRAINT %I %s', t.relname, c.conname, pg_get_constraintdef(c.oid))
  FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_namespace n ON n.oid = t.relnamespace
  WHERE n.nspname = ? AND c.contype IN ('p', 'u') AND t.relname = ANY (?::text[]) ORDER BY t.relname, c.conname`
const INDEXES = `SELECT format('DROP INDEX %I', i.indexname), i.indexdef FROM pg_indexes i
  WHERE i.schemaname = ? AND i.tablename = ANY (?::text[]) ORDER BY i.indexname`

/**
 * Makes the tables of a journal in a schema, which is the search path, and fills them with the rows of a build: each table by
 * its own COPY, its keys and indexes after that. Returns how many rows of each table came. It is all in the caller's
 * transaction.
 */
export async function fillTables(
  connection: OwnConnection,
  schema: string,
  folder: string,
): Promise<Readonly<Record<CopiedTable, number>>> {
  await createTables(connection, schema, JOURNAL_MIGRATIONS)
  await connection.exec(OF_BUILD)
  const all = async (statement: string): Promise<readonly (readonly [string, string])[]> => {
    const rows = await connection.all(statement, schema, [...COPIED_TABLES])
    return rows.map((row) => [text(row[0]), text(row[1])])
  }
  const constraints = await all(CONSTRAINTS)
  for (const [drop] of constraints) await connection.exec(drop)
  // Those of the constraints went with them.
  const indexes = await all(INDEXES)
  for (const [drop] of indexes) await connection.exec(drop)
  const counts: [CopiedTable, number][] = []
  for (const table of COPIED_TABLES) {
    const columns = COPIED[table].map(({ name }) => name)
    counts.push([table, await connection.copyIn(`${schema}.${table}`, columns, await openRows(folder, table))])
  }
  await connection.exec(`SET LOCAL maintenance_work_mem = '${SORT_MEMORY}'`)
  for (const [, make] of [...constraints, ...indexes]) await connection.exec(make)
  await connection.exec(`ANALYZE ${COPIED_TABLES.join(', ')}`)
  return Object.fromEntries(counts) as Record<CopiedTable, number>
}
