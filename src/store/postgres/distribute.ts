import { ServiceError } from '../../core/errors.ts'
import { text } from '../rows/columns.ts'
import type { StorePart } from '../seam/store-parts.ts'
import { makePart, schemaOf } from './chain/chain-place.ts'
import { PostgresDatabase } from './database.ts'
import { tableShapes } from './held-tables.ts'
import { takeLease } from './lease.ts'
import { parseTarget } from './target.ts'

/**
 * Spreads the tables of a part over the servers of a cluster, as far as they are not yet, and makes those that are missing. Returns
 * what was done, in words.
 * @throws CONFIG_INVALID the store is in no cluster
 */
export async function distributePostgres(url: string, part: StorePart): Promise<readonly string[]> {
  const db = PostgresDatabase.ofCommand(parseTarget(url))
  try {
    return await distribute(db, part)
  } finally {
    await db.close()
  }
}

async function distribute(db: PostgresDatabase, part: StorePart): Promise<readonly string[]> {
  const extension = await db.get("SELECT 1 FROM pg_proc WHERE proname = 'create_distributed_table' LIMIT 1")
  if (extension === undefined) {
    const message = `store: ${db.target.place} has no extension citus: as its owner run CREATE EXTENSION citus`
    throw new ServiceError('CONFIG_INVALID', message)
  }
  // What is of the store itself is small, and has keys across accounts.
  if (part.of === 'store') return []
  await makePart(db, part)
  const lease = part.of === 'journal' ? await takeLease(db, part.chain) : undefined
  try {
    return await spread(db, part)
  } finally {
    await lease?.release()
  }
}

async function spread(db: PostgresDatabase, part: StorePart): Promise<readonly string[]> {
  const schema = schemaOf(db.target.schema, part)
  const before = await db.all('SELECT logicalrelid::regclass::text FROM pg_dist_partition')
  const isSpread = new Set(before.map(([name]) => text(name)))
  const done: string[] = []
  for (const { name, key } of await tableShapes(db, schema)) {
    const full = `${schema}.${name}`
    if (isSpread.has(full)) continue
    // Rows of one account lie together: its tables are spread alike.
    const ofAccount = key[0] === 'account'
    if (ofAccount) await db.all("SELECT create_distributed_table(?::regclass, 'account')", full)
    else await db.all('SELECT create_reference_table(?::regclass)', full)
    done.push(`${full}: ${ofAccount ? 'spread by account' : 'a copy on each server'}`)
  }
  return done
}
