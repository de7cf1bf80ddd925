import type { AccountCodec } from '../../core/account.ts'
import type { BalanceKey, Observation } from '../../core/balance.ts'
import type { BlockRef } from '../../core/block.ts'
import { decodeAmount, encodeAmount } from '../../journal/amount-codec.ts'
import { type ObservedKey, OF_KEY, observedKey } from '../rows/observation-rows.ts'
import type { ReadSince, ReadTrail } from '../seam/pairs.ts'
import { bytes, guarded, int, type SqliteDatabase, type Statement } from './database.ts'

/** Reads of balances over the blocks that are not final yet, in the file of reads. */
export class SqliteTrail implements ReadTrail {
  readonly #db: SqliteDatabase
  readonly #codec: AccountCodec
  readonly #s: ReturnType<typeof prepare>

  constructor(db: SqliteDatabase, codec: AccountCodec) {
    this.#db = db
    this.#codec = codec
    this.#s = prepare(db)
  }

  async add(reads: readonly Observation[], finalized: BlockRef): Promise<void> {
    const run = this.#db.transaction(() => {
      for (const read of reads) this.#add(read, finalized.number)
    })
    guarded(this.#db, () => run.immediate())
  }

  async since(keys: readonly BalanceKey[], block: number): Promise<readonly ReadSince[]> {
    return guarded(this.#db, () => keys.map((key) => this.#since(observedKey(key, this.#codec), block)))
  }

  #add(read: Observation, finalized: number): void {
    const key = observedKey(read, this.#codec)
    const amount = encodeAmount(read.amount)
    const before = this.#s.newest.get(...key, read.block.number)
    if (before === undefined || !bytes(before[1]).equals(amount)) {
      this.#s.put.run(...key, read.block.number, amount, read.observedAt)
    }
    const base = this.#s.newest.get(...key, finalized)
    if (base !== undefined) this.#s.forget.run(...key, int(base[0]))
  }

  #since(key: ObservedKey, block: number): ReadSince {
    const base = this.#s.newest.get(...key, block)
    const newest = this.#s.newest.get(...key, Number.MAX_SAFE_INTEGER)
    const changedAt = newest && int(newest[2])
    if (base === undefined) return { least: undefined, changedAt }
    const least = decodeAmount(bytes(this.#s.least.get(...key, int(base[0]))))
    return { least, changedAt }
  }
}

function prepare(db: SqliteDatabase) {
  const sql = (statement: string): Statement => db.prepare(statement)
  return {
    newest: sql(
      `SELECT block, amount, observed_at FROM trail WHERE ${OF_KEY} AND block <= ? ORDER BY block DESC LIMIT 1`,
    ).raw(),
    least: sql(`SELECT min(amount) FROM trail WHERE ${OF_KEY} AND block >= ?`).pluck(),
    put: sql('INSERT OR REPLACE INTO trail VALUES (?, ?, ?, ?, ?, ?, ?)'),
    forget: sql(`DELETE FROM trail WHERE ${OF_KEY} AND block < ?`),
  }
}
