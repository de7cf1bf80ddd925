import { mustBeOurs } from '../../../journal/damaged-value.ts'
import { FEED_KINDS } from '../../../journal/feed-entry.ts'
import type { FeedEntry, FeedPage, FeedReads } from '../../seam/feed.ts'
import { int, type RowStatement, type SqliteDatabase, type Statement } from '../database.ts'
import type { Snapshot } from './snapshot.ts'

/** Reads the feed of one chain's file. */
export class SqliteFeed implements FeedReads {
  readonly #snapshot: Snapshot
  readonly #after: RowStatement
  readonly #newest: Statement

  constructor(db: SqliteDatabase, snapshot: Snapshot) {
    this.#snapshot = snapshot
    this.#after = db.prepare('SELECT seq, kind, first, last FROM feed WHERE seq > ? ORDER BY seq LIMIT ? + 0').raw()
    this.#newest = db.prepare('SELECT coalesce(max(seq), 0) FROM feed').pluck()
  }

  async after(seq: number, limit: number): Promise<FeedPage> {
    return this.#snapshot.read(() => {
      const newest = int(this.#newest.get())
      const entries = this.#after.all(seq, limit).map((row): FeedEntry => {
        const kind = FEED_KINDS.find((known) => known === row[1])
        mustBeOurs(kind !== undefined, `a stored kind of a feed is unknown: ${String(row[1])}`)
        return { seq: int(row[0]), kind, first: int(row[2]), last: int(row[3]) }
      })
      const [next] = entries
      const isLost = seq > newest || (next !== undefined && next.seq !== seq + 1)
      return isLost ? { entries: [], isLost, newest } : { entries, isLost, newest }
    })
  }
}
