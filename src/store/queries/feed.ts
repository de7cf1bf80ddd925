import { mustBeOurs } from '../../journal/damaged-value.ts'
import { FEED_KINDS } from '../../journal/feed-entry.ts'
import { int } from '../rows/columns.ts'
import type { FeedEntry, FeedPage } from '../seam/feed.ts'
import { type Query, rowOf, rowsOf } from './query.ts'

const AFTER = rowsOf('SELECT seq, kind, first, last FROM feed WHERE seq > ? ORDER BY seq LIMIT ? + 0')
const NEWEST = rowOf('SELECT coalesce(max(seq), 0) FROM feed')

/** As `FeedReads.after`. */
export function* feedAfter(seq: number, limit: number): Query<FeedPage> {
  const [row] = yield [NEWEST]
  const newest = int(row?.[0])
  const rows = yield [AFTER, seq, limit]
  const entries = rows.map((one): FeedEntry => {
    const kind = FEED_KINDS.find((known) => known === one[1])
    mustBeOurs(kind !== undefined, `a stored kind of a feed is unknown: ${String(one[1])}`)
    return { seq: int(one[0]), kind, first: int(one[2]), last: int(one[3]) }
  })
  const [next] = entries
  const isLost = seq > newest || (next !== undefined && next.seq !== seq + 1)
  return isLost ? { entries: [], isLost, newest } : { entries, isLost, newest }
}
