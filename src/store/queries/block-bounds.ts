import { int, nullable } from '../rows/columns.ts'
import { type Query, rowOf } from './query.ts'

/** Bounds that include every block. */
export const ANY_BLOCK = { first: 0, last: Number.MAX_SAFE_INTEGER }

/** Blocks by number and by time in Unix seconds, all inclusive; undefined: no bound. */
export type BoundsQuery = {
  readonly fromBlock?: number | undefined
  readonly toBlock?: number | undefined
  readonly fromTimestamp?: number | undefined
  readonly toTimestamp?: number | undefined
}

const FIRST_SINCE = rowOf('SELECT number FROM blocks WHERE timestamp >= ? ORDER BY timestamp, number LIMIT 1')
const LAST_UNTIL = rowOf('SELECT number FROM blocks WHERE timestamp <= ? ORDER BY timestamp DESC, number DESC LIMIT 1')

/** The blocks that match both the number range and the time range; `first > last` if there are none. */
export function* boundsOf(query: BoundsQuery): Query<{ readonly first: number; readonly last: number }> {
  let first = query.fromBlock ?? ANY_BLOCK.first
  let last = query.toBlock ?? ANY_BLOCK.last
  if (query.fromTimestamp !== undefined) {
    const [row] = yield [FIRST_SINCE, query.fromTimestamp]
    first = Math.max(first, nullable(row?.[0], int) ?? ANY_BLOCK.last)
  }
  if (query.toTimestamp !== undefined) {
    const [row] = yield [LAST_UNTIL, query.toTimestamp]
    last = Math.min(last, nullable(row?.[0], int) ?? -1)
  }
  return { first, last }
}
