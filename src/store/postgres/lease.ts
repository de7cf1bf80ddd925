import { hostname } from 'node:os'
import pg from 'pg'
import type { ChainId } from '../../core/chain.ts'
import { ServiceError } from '../../core/errors.ts'
import { int, text } from '../rows/columns.ts'
import type { PostgresDatabase, Queries, Transaction } from './database.ts'

/** How long after its writer died a chain has no writer. The writer prolongs its lease three times in this time. */
const LEASE_MS = 10_000

/** The right to write a chain. It is prolonged until it is released. */
export type Lease = {
  /** Counts the writers of the chain. */
  readonly fence: number
  /**
   * Runs work as one transaction that only the present writer can commit: another one waits for its end before it can
   * take the lease. `view`: of other schemas of the store. `durable`: as of `Commit`.
   * @throws LEASE_LOST another process took the lease
   */
  readonly write: <T>(
    work: (queries: Transaction) => Promise<T>,
    how?: { readonly view?: PostgresDatabase; readonly durable?: boolean | undefined },
  ) => Promise<T>
  /** Makes a transaction of another connection one that only the present writer can commit. @throws LEASE_LOST */
  readonly hold: (queries: Queries) => Promise<void>
  readonly release: () => Promise<void>
}

/**
 * Takes the right to write a chain. Only the database's clock decides whether it is free.
 * @throws LEASE_HELD another writer has it
 */
export async function takeLease(db: PostgresDatabase, chain: ChainId, leaseMs = LEASE_MS): Promise<Lease> {
  const holder = `process ${process.pid} on ${hostname()}`
  const taken = await db.get(TAKE, chain, holder, leaseMs)
  if (taken === undefined) throw await heldBy(db, chain)
  const fence = db.read(() => int(taken[0]))
  let prolonged: Promise<unknown> = Promise.resolve()
  const prolong = setInterval(() => {
    // If this fails, the next write finds out.
    prolonged = Promise.all([prolonged, db.run(PROLONG, leaseMs, chain, fence).catch(() => undefined)])
  }, leaseMs / 3)
  prolong.unref()
  // The lock on the row keeps the fence as it is until the transaction ends.
  const ours = `SELECT 1 FROM ${db.target.schema}.leases WHERE chain = ${pg.escapeLiteral(chain)} AND fence = ${fence} FOR SHARE`
  const check = (rows: number): void => {
    if (rows > 0) return
    throw new ServiceError('LEASE_LOST', `another process writes ${chain} now`, { fields: { chain } })
  }
  return {
    fence,
    hold: async (queries) => check((await queries.all(ours)).length),
    write: (work, { view = db, durable } = {}) => view.write(work, { durable, first: { sql: ours, check } }),
    release: async () => {
      clearInterval(prolong)
      // It may wait for the row's lock, and would begin the lease anew if it came after this.
      await prolonged
      await db.run('UPDATE leases SET expires_at = now() WHERE chain = ? AND fence = ?', chain, fence)
    },
  }
}

const TAKE = `INSERT INTO leases AS l (chain, fence, holder, expires_at)
  VALUES (?, 1, ?, now() + ?::float8 * interval '1 millisecond')
  ON CONFLICT (chain) DO UPDATE SET fence = l.fence + 1, holder = excluded.holder, expires_at = excluded.expires_at
  WHERE l.expires_at <= now() RETURNING fence`
const PROLONG = `UPDATE leases SET expires_at = now() + ?::float8 * interval '1 millisecond'
  WHERE chain = ? AND fence = ?`

async function heldBy(db: PostgresDatabase, chain: ChainId): Promise<ServiceError> {
  const row = await db.get(
    'SELECT holder, extract(epoch FROM expires_at - now())::float8 FROM leases WHERE chain = ?',
    chain,
  )
  const holder = row === undefined ? 'another process' : text(row[0])
  const left = Math.max(0, Math.ceil(Number(row?.[1] ?? 0)))
  const says = `${holder} is writing ${chain}; if it died, its right ends in ${left} s`
  return new ServiceError('LEASE_HELD', says, { fields: { chain } })
}
