import { IN_MEMORY, openDatabase, type SqliteDatabase, text } from '../database.ts'
import { LEDGER_MIGRATIONS, MAIN_MIGRATIONS } from '../main-schema.ts'
import { CHAIN_MIGRATIONS } from '../schema.ts'

/** The tables of a ledger in the authoritative file: a chain's tables and the ledger's own. */
export const LEDGER_TABLES = {
  migrations: MAIN_MIGRATIONS,
  parts: { chain: CHAIN_MIGRATIONS, ledger: LEDGER_MIGRATIONS },
  durable: true,
}

/** Objects that SQLite makes itself: indexes of constraints, and statistics. */
const OWN = "name LIKE 'sqlite_%'"

/**
 * Compares the tables, indexes, triggers and views of a ledger's file with those of this version. Returns at most
 * `limit` differences. A trigger or view could change what is written or read; a missing unique index lets duplicates
 * in.
 */
export function schemaFaults(db: SqliteDatabase, limit: number): readonly string[] {
  const model = openDatabase({ file: IN_MEMORY, cache: 'small', ...LEDGER_TABLES })
  try {
    const [expected, found] = [schemaOf(model), schemaOf(db)]
    const faults: string[] = []
    for (const [name, sql] of expected) {
      const there = found.get(name)
      if (there === undefined) faults.push(`the schema: ${name} is missing`)
      else if (there !== sql) faults.push(`the schema: ${name} differs: ${there}`)
    }
    for (const [name, sql] of found) {
      if (!expected.has(name)) faults.push(`the schema: ${name} does not belong here: ${sql}`)
    }
    return faults.slice(0, limit)
  } finally {
    model.close()
  }
}

/** The SQL that made each object, by its type and name. */
function schemaOf(db: SqliteDatabase): ReadonlyMap<string, string> {
  const sql = `SELECT type, name, tbl_name, sql FROM main.sqlite_schema WHERE NOT ${OWN} ORDER BY type DESC, name`
  const rows = db.prepare(sql).raw().all()
  return new Map(
    rows.map((entry) => {
      const [type, name, table, statement] = entry
      return [`${text(type)} ${text(name)}`, `${text(table)}: ${text(statement ?? '')}`]
    }),
  )
}
