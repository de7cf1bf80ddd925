import type { StoreUse } from '../engine/engine.ts'
import { type Row, text } from '../rows/columns.ts'
import { applicationOf, PostgresDatabase } from './database.ts'
import { parseTarget } from './target.ts'

/** The server's start tells servers apart that have the same databases. */
const USE = `SELECT pg_postmaster_start_time()::text, d.oid::text,
    (SELECT count(*) FROM pg_stat_activity a WHERE a.datid = d.oid AND a.application_name = ?)
  FROM pg_database d WHERE d.datname = current_database()`

/** Which store a URL names, and whether servers are on it. Creates nothing. @throws CONFIG_INVALID, STORE_UNAVAILABLE */
export async function postgresUse(url: string): Promise<StoreUse> {
  const target = parseTarget(url)
  const db = PostgresDatabase.ofCommand(target)
  try {
    const row: Row = (await db.get(USE, applicationOf(target))) ?? []
    const place = `schema ${target.schema} of ${target.place}`
    return { identity: `${text(row[0])} ${text(row[1])} ${target.schema}`, place, isUsed: Number(row[2]) > 0 }
  } finally {
    await db.close()
  }
}
