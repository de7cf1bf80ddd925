import type { ChainId } from '../../../core/chain.ts'
import { type Claimed, claimChain, mustBeOf } from '../../queries/claim-chain.ts'
import type { SqliteDatabase } from '../database.ts'
import { SqliteQueries } from '../run-query.ts'

/** @throws STORE_MISMATCH the facts file belongs to another chain */
export function mustBeFactsOf(db: SqliteDatabase, chain: ChainId): void {
  assertSameChain(db.prepare('SELECT chain FROM chain').pluck().get() ?? chain, { db, chain })
}

/**
 * Records which chain a reads file belongs to, unless that is already recorded.
 * @throws STORE_MISMATCH it belongs to another chain
 */
export function bindReadsFile(db: SqliteDatabase, chain: ChainId): void {
  const owner = (): unknown => db.prepare('SELECT chain FROM read_of').pluck().get()
  if (owner() === undefined) db.prepare('INSERT OR IGNORE INTO read_of VALUES (1, ?)').run(chain)
  assertSameChain(owner(), { db, chain })
}

function assertSameChain(
  owner: unknown,
  { db, chain }: { readonly db: SqliteDatabase; readonly chain: ChainId },
): void {
  mustBeOf(chain, String(owner), { place: db.name, remedy: REMEDY })
}

const REMEDY = 'use another store folder, or stop the server, put the right file in its place, and start again'

/**
 * Claims a chain's file for a writer: checks its chain and coverage, and takes the next fencing number.
 * @throws STORE_MISMATCH the file belongs to another chain, or was indexed under another coverage
 */
export function bindToChain({ db, ...whose }: Claim): number {
  const queries = new SqliteQueries(db)
  return db
    .transaction(() => queries.run(claimChain({ ...whose, counted: 0, place: db.name, remedy: REMEDY })))
    .immediate()
}

type Claim = Pick<Claimed, 'chain' | 'coverage' | 'codec'> & { readonly db: SqliteDatabase }
