import type { AccountCodec } from '../../../core/account.ts'
import { StoredChainReader } from '../../queries/carry/stored-chain-reader.ts'
import { storedExtent } from '../../queries/carry/stored-extent.ts'
import { HEADER_COLUMNS, readOptionalHeader } from '../../rows/header-rows.ts'
import type { StoredChain, StoredExtent } from '../../seam/stored-chain.ts'
import { runQuery } from '../chain/run-query.ts'
import type { PostgresDatabase } from '../database.ts'
import { pagesIn } from '../held-tables.ts'
import { holdTransaction, NO_LIMITS } from '../held-transaction.ts'
import { CHAIN_VIEW_NAMES } from '../journal/chain-views.ts'

/** What others have that a schema cannot be replaced with: views of what is in it, keys that refer to it, and publications. */
const PINNED = `SELECT 1 FROM pg_namespace n WHERE n.nspname = ? AND (
    EXISTS (SELECT 1 FROM pg_depend d JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
      JOIN pg_class v ON v.oid = r.ev_class
      WHERE (d.refclassid = 'pg_class'::regclass AND d.refobjid IN (SELECT t.oid FROM pg_class t WHERE t.relnamespace = n.oid)
          OR d.refclassid = 'pg_proc'::regclass AND d.refobjid IN (SELECT f.oid FROM pg_proc f WHERE f.pronamespace = n.oid))
        AND (v.relnamespace <> n.oid OR v.relname <> ALL (?::text[])))
    OR EXISTS (SELECT 1 FROM pg_class t JOIN pg_constraint k ON k.confrelid = t.oid WHERE t.relnamespace = n.oid)
    OR EXISTS (SELECT 1 FROM pg_class t JOIN pg_publication_rel p ON p.prrelid = t.oid WHERE t.relnamespace = n.oid))`

/** How much the tables of a chain hold; undefined if nothing. `db`: of their schema. */
export function extentOf(db: PostgresDatabase): Promise<StoredExtent | undefined> {
  return db.snapshot(async (queries) => {
    const extent = await runQuery(queries, storedExtent())
    if (extent === undefined) return undefined
    return { ...extent, isPinned: (await queries.get(PINNED, db.target.schema, CHAIN_VIEW_NAMES)) !== undefined }
  })
}

/** Reads the tables of a chain in a snapshot of its own. Undefined if no block is stored. `db`: of their schema. */
export async function openStoredChain(db: PostgresDatabase, codec: AccountCodec): Promise<StoredChain | undefined> {
  const held = await holdTransaction((work) => db.snapshot(work))
  try {
    return await db.guarded(async () => {
      await held.queries.exec(NO_LIMITS)
      const through = readOptionalHeader((await held.queries.get(`SELECT ${HEADER_COLUMNS} FROM clock`)) ?? [])
      if (through !== undefined) {
        return new StoredChainReader(through, {
          codec,
          pages: (asked) => pagesIn(db, held.queries, asked),
          read: (parse) => db.read(parse),
          close: () => held.commit(),
        })
      }
      await held.commit()
      return undefined
    })
  } catch (error) {
    await held.rollBack().catch(() => undefined)
    throw error
  }
}
