import { text } from '../rows/columns.ts'
import { dumpRows, type TableRows } from '../rows/dump-rows.ts'
import type { PostgresDatabase } from './database.ts'

/** Tables that tell how the store was used, and no facts. */
const NO_RECORDS = new Set([
  ...['migrations', 'leases', 'chain', 'accepted_clocks', 'heartbeat', 'places', 'findings', 'feed'],
  ...['reports', 'comparisons', 'calls'],
])

/** All rows of one snapshot as canonical lines. */
export async function dumpRecords(db: PostgresDatabase): Promise<readonly string[]> {
  return db.snapshot(async (queries) => {
    const tables: TableRows[] = []
    const found = await queries.all('SELECT tablename FROM pg_tables WHERE schemaname = ?', db.target.schema)
    for (const table of found.map((row) => text(row[0]))) {
      if (NO_RECORDS.has(table)) continue
      const named = await queries.all(COLUMNS, db.target.schema, table)
      const columns = named.map((row) => text(row[0]))
      tables.push({ table, columns, rows: await queries.all(`SELECT ${columns.join(', ')} FROM ${table}`) })
    }
    return dumpRows(tables)
  })
}

const COLUMNS = 'SELECT column_name::text FROM information_schema.columns WHERE table_schema = ? AND table_name = ?'
