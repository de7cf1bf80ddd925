import { int, nullable, type SqliteDatabase, type Statement } from '../database.ts'

/** Bounds that include every block. */
export const ANY_BLOCK = { first: 0, last: Number.MAX_SAFE_INTEGER }

/** Blocks by number and by time in Unix seconds, all inclusive; undefined: no bound. */
export type BoundsQuery = {
  readonly fromBlock?: number | undefined
  readonly toBlock?: number | undefined
  readonly fromTimestamp?: number | undefined
  readonly toTimestamp?: number | undefined
}

/** Converts bounds in time to bounds in block numbers. */
export class BlockBounds {
  readonly #firstSince: Statement
  readonly #lastUntil: Statement

  constructor(db: SqliteDatabase) {
    this.#firstSince = db
      .prepare('SELECT number FROM blocks WHERE timestamp >= ? ORDER BY timestamp, number LIMIT 1')
      .pluck()
    this.#lastUntil = db
      .prepare('SELECT number FROM blocks WHERE timestamp <= ? ORDER BY timestamp DESC, number DESC LIMIT 1')
      .pluck()
  }

  /** The blocks that match both the number range and the time range; `first > last` if there are none. */
  of(query: BoundsQuery): { readonly first: number; readonly last: number } {
    let first = query.fromBlock ?? ANY_BLOCK.first
    let last = query.toBlock ?? ANY_BLOCK.last
    if (query.fromTimestamp !== undefined) {
      first = Math.max(first, nullable(this.#firstSince.get(query.fromTimestamp), int) ?? ANY_BLOCK.last)
    }
    if (query.toTimestamp !== undefined) {
      last = Math.min(last, nullable(this.#lastUntil.get(query.toTimestamp), int) ?? -1)
    }
    return { first, last }
  }
}
