import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { text } from '../../rows/columns.ts'
import type { PostgresDatabase, Queries } from '../database.ts'
import { MIGRATIONS } from '../schema.ts'

/** Tables, indexes, constraints, triggers, rules, policies, views and functions, by kind and name, with their definitions. */
export type SchemaObjects = ReadonlyMap<string, string>

/**
 * Compares what the schema of a store holds with what it holds in this version. Returns at most `limit` differences. A trigger,
 * rule or policy could change what is written or read; a missing unique index lets duplicates in.
 */
export async function schemaFaults(
  db: PostgresDatabase,
  expected: SchemaObjects,
  limit: number,
): Promise<readonly string[]> {
  const found = await db.snapshot((queries) => objectsOf(queries, db.target.schema))
  const faults: string[] = []
  for (const [name, definition] of expected) {
    const there = found.get(name)
    if (there === undefined) faults.push(`the schema: ${name} is missing`)
    else if (there !== definition) faults.push(`the schema: ${name} differs: ${there}`)
  }
  for (const [name, definition] of found) {
    if (!expected.has(name)) faults.push(`the schema: ${name} does not belong here: ${definition}`)
  }
  return faults.slice(0, limit)
}

/** Ends the transaction with which the tables of this version were made. */
class Undone extends Error {}

/** What a schema of this version holds. Its tables are made in a schema of their own, and taken back with the transaction. */
export async function readModel(db: PostgresDatabase): Promise<SchemaObjects> {
  const schema = `${db.target.schema.slice(0, 40)}_model_${randomBytes(4).toString('hex')}`
  let objects: SchemaObjects | undefined
  try {
    await db.write(async (queries) => {
      const name = pg.escapeIdentifier(schema)
      await queries.exec(`CREATE SCHEMA ${name}; SET LOCAL search_path = ${name}; ${NOTED}`)
      for (const migration of MIGRATIONS) await queries.exec(migration)
      objects = await objectsOf(queries, schema)
      throw new Undone()
    })
  } catch (error) {
    if (objects === undefined || !(error instanceof Undone)) throw error
  }
  return objects ?? new Map()
}

/** The table in which the engine notes its migrations. */
const NOTED = 'CREATE TABLE migrations (number bigint PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now());'

async function objectsOf(queries: Queries, schema: string): Promise<SchemaObjects> {
  const objects = new Map<string, string>()
  for (const sql of OBJECTS) {
    for (const [name, definition] of await queries.all(sql, schema)) {
      objects.set(text(name), text(definition ?? '').replaceAll(`${schema}.`, ''))
    }
  }
  return objects
}

const OF_SCHEMA = 'JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = ?'
/** A table with its columns in order; a view with its text; each other object as the server writes it. */
const OBJECTS = [
  `SELECT 'table ' || c.relname, c.relkind::text || ' ' || c.relpersistence::text || ' ' || c.relrowsecurity::text || ': ' ||
      string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || ' ' || a.attnotnull::text || ' ' ||
        a.attidentity::text || ' ' || coalesce(l.collname, '') || ' ' || coalesce(pg_get_expr(d.adbin, d.adrelid), ''),
        ', ' ORDER BY a.attnum)
    FROM pg_class c ${OF_SCHEMA} JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    LEFT JOIN pg_collation l ON l.oid = a.attcollation
    WHERE c.relkind IN ('r', 'p', 'f') GROUP BY c.oid, c.relname, c.relkind, c.relpersistence, c.relrowsecurity`,
  `SELECT 'view ' || c.relname, pg_get_viewdef(c.oid) FROM pg_class c ${OF_SCHEMA} WHERE c.relkind IN ('v', 'm')`,
  `SELECT 'index ' || c.relname, pg_get_indexdef(c.oid) FROM pg_class c ${OF_SCHEMA} WHERE c.relkind IN ('i', 'I')`,
  `SELECT 'constraint ' || o.conname || ' of ' || c.relname, pg_get_constraintdef(o.oid)
    FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid ${OF_SCHEMA} WHERE o.contype <> 'n'`,
  `SELECT 'trigger ' || t.tgname || ' of ' || c.relname, pg_get_triggerdef(t.oid)
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid ${OF_SCHEMA} WHERE NOT t.tgisinternal`,
  `SELECT 'rule ' || r.rulename || ' of ' || c.relname, pg_get_ruledef(r.oid)
    FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class ${OF_SCHEMA} WHERE c.relkind NOT IN ('v', 'm')`,
  `SELECT 'policy ' || p.polname || ' of ' || c.relname, coalesce(pg_get_expr(p.polqual, p.polrelid), '')
    FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid ${OF_SCHEMA}`,
  `SELECT 'function ' || f.proname, pg_get_functiondef(f.oid)
    FROM pg_proc f JOIN pg_namespace n ON n.oid = f.pronamespace AND n.nspname = ? WHERE f.prokind IN ('f', 'p')`,
]
