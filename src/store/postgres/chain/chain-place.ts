import { createHash } from 'node:crypto'
import type { ChainId } from '../../../core/chain.ts'
import type { StorePart } from '../../seam/store-parts.ts'
import type { PostgresDatabase } from '../database.ts'
import { CHAIN_TABLES } from '../journal/chain-schema.ts'
import { migrate } from '../migrate.ts'
import { MIGRATIONS } from '../schema.ts'
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
export const JOURNAL_MIGRATIONS: readonly string[] = [CHAIN_TABLES]
/** The migrations of the stored reads of a chain's nodes. */
export const READ_MIGRATIONS: readonly string[] = [READ_TABLES]

/** Makes the tables of a chain, unless they are there. @throws as `migrate` */
export async function makeChain(db: PostgresDatabase, chain: ChainId): Promise<PostgresDatabase> {
  const { journal, reads } = chainSchemas(db.target.schema, chain)
  await migrate(db.within([journal]), { migrations: JOURNAL_MIGRATIONS, create: true })
  await migrate(db.within([reads]), { migrations: READ_MIGRATIONS, create: true })
  return chainView(db, chain)
}

/** The schema of a part of a store. */
export function schemaOf(store: string, part: StorePart): string {
  return part.of === 'store' ? store : chainSchemas(store, part.chain)[part.of]
}

/** Makes the tables of a part of a store, and those of the store itself, unless they are there. @throws as `migrate` */
export async function makePart(db: PostgresDatabase, part: StorePart): Promise<void> {
  await migrate(db, { migrations: MIGRATIONS, create: true })
  if (part.of === 'store') return
  await migrate(db.within([schemaOf(db.target.schema, part)]), { migrations: migrationsOf(part), create: true })
}

/** The migrations of a part of a store. */
export function migrationsOf({ of }: StorePart): readonly string[] {
  if (of === 'store') return MIGRATIONS
  return of === 'journal' ? JOURNAL_MIGRATIONS : READ_MIGRATIONS
}

/** The schema in which a bulk load fills the tables of a journal. `fence`: of the writer, so that no other one uses the same name. */
export function nextSchema({ journal }: ChainSchemas, fence: number): string {
  return `${journal}_next_${fence}`
}

/**
 * True if fresh tables may take the place of a journal's: not if the role lacks the rights, or `migrate --distribute` spread tables
 * over servers, which is done by commands of their own that fresh tables would lack.
 */
export async function isReplaceable(db: PostgresDatabase, { journal }: ChainSchemas): Promise<boolean> {
  if ((await db.get(MAY_REPLACE, journal)) === undefined) return false
  if ((await db.get("SELECT 1 WHERE to_regclass('pg_dist_partition') IS NOT NULL")) === undefined) return true
  const spread = await db.get(
    `SELECT 1 FROM pg_dist_partition d JOIN pg_class t ON t.oid = d.logicalrelid
     JOIN pg_namespace n ON n.oid = t.relnamespace WHERE n.nspname = ? LIMIT 1`,
    journal,
  )
  return spread === undefined
}

const MAY_REPLACE = `SELECT 1 FROM pg_namespace WHERE nspname = ? AND pg_has_role(nspowner, 'USAGE')
    AND has_database_privilege(current_database(), 'CREATE')`

/** True if a chain has tables in a store. */
export async function hasChain(db: PostgresDatabase, chain: ChainId): Promise<boolean> {
  const { journal, reads } = chainSchemas(db.target.schema, chain)
  return (await db.get('SELECT 1 FROM pg_namespace WHERE nspname = ? OR nspname = ?', journal, reads)) !== undefined
}
