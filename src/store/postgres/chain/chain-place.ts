import { createHash } from 'node:crypto'
import type { ChainId } from '../../../core/chain.ts'
import type { StorePart } from '../../seam/store-parts.ts'
import type { PostgresDatabase } from '../database.ts'
import { CHAIN_TABLES } from '../journal/chain-schema.ts'
import { CHAIN_VIEWS } from '../journal/chain-views.ts'
import { migrate, type SchemaTables } from '../migrate.ts'
import { STORE_TABLES } from '../schema.ts'
import { READ_TABLES } from './read-schema.ts'

/** The longest name of a schema, so that the names of a chain's schemas fit PostgreSQL's 63 bytes. */
const LONGEST = 50
const HASH_DIGITS = 12

/** The schemas of a chain: its journal, and the stored reads of its nodes, which outlive a journal that is begun anew. */
export type ChainSchemas = { readonly journal: string; readonly reads: string }

/** Names the schemas of a chain in a store. */
export function chainSchemas(store: string, chain: ChainId): ChainSchemas {
  const plain = `${store}_${chain.toLowerCase().replaceAll(/[^a-z0-9_]/g, '_')}`
  // Names that differ only in what is replaced, or are too long, are told apart by a digest.
  const isOwn = plain.length <= LONGEST && /^[a-z0-9]+:[a-z0-9]+$/.test(chain)
  const digest = createHash('sha256').update(chain).digest('hex').slice(0, HASH_DIGITS)
  const journal = isOwn ? plain : `${plain.slice(0, LONGEST - HASH_DIGITS - 1)}_${digest}`
  return { journal, reads: `${journal}_reads` }
}

/**
 * The tables of a chain in a store: those of its journal, and those of stored reads. Those of the store are not seen: some have
 * the same names, and would answer for a chain that was just deleted.
 */
export function chainView(db: PostgresDatabase, chain: ChainId): PostgresDatabase {
  const { journal, reads } = chainSchemas(db.target.schema, chain)
  return db.within([journal, reads])
}

/** The migrations of a chain's journal. */
export const JOURNAL_MIGRATIONS: readonly string[] = [CHAIN_TABLES, CHAIN_VIEWS]

/** What to do about a journal that cannot be used. */
export function remedyOfJournal(chain: ChainId): string {
  return `run "steelyard reset ${chain}", and start again: the chain is indexed anew`
}

/** The tables of a chain's journal. */
function journalTables(chain: ChainId): SchemaTables {
  return { migrations: JOURNAL_MIGRATIONS, remedy: remedyOfJournal(chain) }
}

/** The tables of the stored reads of a chain's nodes, in a schema of this name. */
export function readTables(schema: string): SchemaTables {
  const remedy = `stop the servers, drop schema ${schema} with all that is in it, and start again: it holds only answers of nodes`
  return { migrations: [READ_TABLES], remedy }
}

/** Makes the tables of a chain, unless they are there. @throws as `migrate` */
export async function makeChain(db: PostgresDatabase, chain: ChainId): Promise<PostgresDatabase> {
  const { journal, reads } = chainSchemas(db.target.schema, chain)
  await migrate(db.within([journal]), { ...journalTables(chain), create: true })
  await migrate(db.within([reads]), { ...readTables(reads), create: true })
  return chainView(db, chain)
}

/** The schema of a part of a store. */
export function schemaOf(store: string, part: StorePart): string {
  return part.of === 'store' ? store : chainSchemas(store, part.chain)[part.of]
}

/** Makes the tables of a part of a store, and those of the store itself, unless they are there. @throws as `migrate` */
export async function makePart(db: PostgresDatabase, part: StorePart): Promise<void> {
  await migrate(db, { ...STORE_TABLES, create: true })
  if (part.of === 'store') return
  const schema = schemaOf(db.target.schema, part)
  await migrate(db.within([schema]), { ...tablesOf(part, schema), create: true })
}

/** The tables of a part of a store, in a schema of this name. */
export function tablesOf(part: StorePart, schema: string): SchemaTables {
  if (part.of === 'store') return STORE_TABLES
  return part.of === 'journal' ? journalTables(part.chain) : readTables(schema)
}

/** The schema in which a bulk load fills the tables of a journal. `fence`: of the writer, so that no other one uses the same name. */
export function nextSchema({ journal }: ChainSchemas, fence: number): string {
  return `${journal}_next_${fence}`
}

/**
 * Why fresh tables must not take the place of a journal's, and what to do about it; undefined if they may. Tables that `migrate
 * --distribute` spread over servers have what commands of their own gave them, which fresh ones would lack.
 */
export async function whyNotReplaced(db: PostgresDatabase, { journal }: ChainSchemas): Promise<string | undefined> {
  const [isOwner, mayCreate, role, database] = (await db.get(RIGHTS, journal)) ?? []
  if (isOwner !== true) return `schema ${journal} is another role's: run ALTER SCHEMA ${journal} OWNER TO ${role}`
  if (mayCreate !== true) return `${role} may make no schemas: run GRANT CREATE ON DATABASE ${database} TO ${role}`
  if ((await db.get("SELECT 1 WHERE to_regclass('pg_dist_partition') IS NOT NULL")) === undefined) return undefined
  const spread = await db.get(
    `SELECT 1 FROM pg_dist_partition d JOIN pg_class t ON t.oid = d.logicalrelid
     JOIN pg_namespace n ON n.oid = t.relnamespace WHERE n.nspname = ? LIMIT 1`,
    journal,
  )
  return spread === undefined ? undefined : 'its tables are spread over servers'
}

const RIGHTS = `SELECT pg_has_role(nspowner, 'USAGE'), has_database_privilege(current_database(), 'CREATE'),
    quote_ident(current_user), quote_ident(current_database()) FROM pg_namespace WHERE nspname = ?`

/** True if a chain has tables in a store. */
export async function hasChain(db: PostgresDatabase, chain: ChainId): Promise<boolean> {
  const { journal, reads } = chainSchemas(db.target.schema, chain)
  return (await db.get('SELECT 1 FROM pg_namespace WHERE nspname = ? OR nspname = ?', journal, reads)) !== undefined
}
