import type { AccountCodec } from '../../../core/account.ts'
import { type BalanceKey, balanceName, type Observation } from '../../../core/balance.ts'
import type { BlockRef } from '../../../core/block.ts'
import { decodeAmount, encodeAmount } from '../../../journal/amount-codec.ts'
import { inLockOrder } from '../../queries/lock-order.ts'
import { bytes, int } from '../../rows/columns.ts'
import { OF_KEY, observedKey } from '../../rows/observation-rows.ts'
import type { ReadSince, ReadTrail } from '../../seam/pairs.ts'
import type { PostgresDatabase, Queries, Value } from '../database.ts'

const NEWEST = `SELECT block, amount, observed_at FROM trail WHERE ${OF_KEY} AND block <= ? ORDER BY block DESC LIMIT 1`
const LEAST = `SELECT amount FROM trail WHERE ${OF_KEY} AND block >= ? ORDER BY amount LIMIT 1`
const PUT = `INSERT INTO trail (account, reference, standard, item, block, amount, observed_at) VALUES (?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (account, reference, standard, item, block) DO UPDATE SET
    amount = excluded.amount, observed_at = excluded.observed_at`
const FORGET = `DELETE FROM trail WHERE ${OF_KEY} AND block < ?`

/** Reads of balances of a chain over the blocks that are not final yet. */
export class PostgresTrail implements ReadTrail {
  readonly #db: PostgresDatabase
  readonly #codec: AccountCodec

  /** `db`: a view of the chain's schemas. */
  constructor(db: PostgresDatabase, codec: AccountCodec) {
    this.#db = db
    this.#codec = codec
  }

  async add(reads: readonly Observation[], finalized: BlockRef): Promise<void> {
    await this.#db.write(async (queries) => {
      for (const read of inLockOrder(reads, balanceName)) await this.#add(queries, read, finalized.number)
    })
  }

  since(keys: readonly BalanceKey[], block: number): Promise<readonly ReadSince[]> {
    return this.#db.snapshot(async (queries) => {
      const found: ReadSince[] = []
      for (const key of keys) found.push(await readSince(queries, observedKey(key, this.#codec), block))
      return found
    })
  }

  async #add(queries: Queries, read: Observation, finalized: number): Promise<void> {
    const key = observedKey(read, this.#codec)
    const amount = encodeAmount(read.amount)
    const before = await queries.get(NEWEST, ...key, read.block.number)
    if (before === undefined || !bytes(before[1]).equals(amount)) {
      await queries.run(PUT, ...key, read.block.number, amount, read.observedAt)
    }
    const base = await queries.get(NEWEST, ...key, finalized)
    if (base !== undefined) await queries.run(FORGET, ...key, int(base[0]))
  }
}

async function readSince(queries: Queries, key: readonly Value[], block: number): Promise<ReadSince> {
  const base = await queries.get(NEWEST, ...key, block)
  const newest = await queries.get(NEWEST, ...key, Number.MAX_SAFE_INTEGER)
  const changedAt = newest && int(newest[2])
  if (base === undefined) return { least: undefined, changedAt }
  const least = await queries.get(LEAST, ...key, int(base[0]))
  return { least: decodeAmount(bytes(least?.[0])), changedAt }
}
