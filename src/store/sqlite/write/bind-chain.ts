import type { AccountCodec } from '../../../core/account.ts'
import type { ChainId } from '../../../core/chain.ts'
import type { Coverage } from '../../../core/coverage.ts'
import { ServiceError } from '../../../core/errors.ts'
import { mustContinue, scopeOf } from '../../rows/chain-binding.ts'
import { parseCoverage } from '../../rows/clock-json.ts'
import { int, nullable, type SqliteDatabase, text } from '../database.ts'

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
  if (owner === chain) return
  const message =
    `the store holds ${String(owner)} in ${db.name}, where ${chain} belongs: use another store folder, or stop the ` +
    'server, put the right file in its place, and start again'
  throw new ServiceError('STORE_MISMATCH', message, { fields: { chain } })
}

/**
 * Claims a chain's file for a writer: checks its chain and coverage, and takes the next fencing number.
 * @throws STORE_MISMATCH the file belongs to another chain, or was indexed under another coverage
 */
export function bindToChain(whose: {
  readonly db: SqliteDatabase
  readonly chain: ChainId
  readonly coverage: Coverage
  readonly codec: AccountCodec
}): number {
  const { db, chain, coverage } = whose
  const run = db.transaction(() => {
    db.prepare('INSERT OR IGNORE INTO chain (one, chain, fence) VALUES (1, ?, 0)').run(chain)
    db.prepare('INSERT OR IGNORE INTO clock (one, transfers) VALUES (1, 0)').run()
    mustBeFactsOf(db, chain)
    const row = db.prepare('SELECT coverage FROM chain').pluck().get()
    const before = nullable(row, (value) => parseCoverage(text(value)))
    mustContinue(chain, before, coverage)
    const stored = followListed(whose, before)
    db.prepare('UPDATE chain SET coverage = ?, fence = fence + 1').run(JSON.stringify(stored))
    return int(db.prepare('SELECT fence FROM chain').pluck().get())
  })
  return run.immediate()
}

/** Moves the accounts of a coverage to the table `followed`. Returns the coverage without them. */
function followListed(
  { db, coverage, codec }: Parameters<typeof bindToChain>[0],
  before: Coverage | undefined,
): Coverage {
  const isNew = db.prepare('SELECT number FROM clock').pluck().get() === null
  const { listed, stored } = scopeOf(before, coverage, isNew)
  const insert = db.prepare('INSERT OR IGNORE INTO followed (account, leads) VALUES (?, 0)')
  for (const account of listed) if (account !== codec.zeroAddress) insert.run(codec.encode(account))
  if (listed.length > 0) db.prepare('UPDATE chain SET followings = followings + 1').run()
  return stored
}
