import type { AccountCodec } from '../../../core/account.ts'
import type { ChainId } from '../../../core/chain.ts'
import type { ReadEngines } from '../../engine/read-engine.ts'
import type { FixedClasses } from '../../queries/asset-table.ts'
import type { PostgresDatabase } from '../database.ts'
import { migrate } from '../migrate.ts'
import { PostgresTableEngine } from '../table-engine.ts'
import { chainSchemas, makeChain, readTables } from './chain-place.ts'
import { PostgresReadEngine } from './read-engine.ts'
import { READ_TABLES } from './read-schema.ts'

/** What the reads of a chain need. */
export type ReadsOf = { readonly chain: ChainId; readonly codec: AccountCodec; readonly fixed: FixedClasses }

/** Opens the reads of a chain that has nodes, whether or not anything was written yet. @throws as `migrate` */
export async function openChainReads(db: PostgresDatabase, of: ReadsOf): Promise<ReadEngines> {
  const { reads } = chainSchemas(db.target.schema, of.chain)
  return readsOf(await makeChain(db, of.chain), of, { own: false, reads })
}

/** Opens the reads of a ledger as a chain: its tables are those of the store. @throws as `migrate` */
export async function openLedgerReads(db: PostgresDatabase, of: ReadsOf): Promise<ReadEngines> {
  const { schema } = db.target
  const { reads } = chainSchemas(schema, of.chain)
  await migrate(db.within([reads]), { ...readTables(reads), create: true })
  // One statement needs no transaction.
  const record = new PostgresTableEngine(db, { durable: true })
  return { ...readsOf(db.within([schema, reads]), of, { own: true, reads }), record }
}

const NOTED = [...READ_TABLES.matchAll(/CREATE TABLE (\w+)/g)].map(([, table]) => String(table))

function readsOf(
  view: PostgresDatabase,
  { codec, fixed }: ReadsOf,
  { own, reads }: { readonly own: boolean; readonly reads: string },
): ReadEngines {
  return {
    engine: new PostgresReadEngine(view, { own, codec, fixed }),
    ...{ codec, fixed },
    noted: new PostgresTableEngine(view, { durable: false, named: { schema: reads, tables: NOTED } }),
  }
}
