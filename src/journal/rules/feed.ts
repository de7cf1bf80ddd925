import { FEED_ENTRIES, type FeedEntry } from '../feed-entry.ts'
import { type Plan, scan, write } from '../plan.ts'
import { feed } from '../tables/marks.ts'
import type { JournalRules } from './journal-rules.ts'
import { readClock } from './own-blocks.ts'

/** Adds an entry after the newest one, and deletes the one that is then too old. Each write adds one at most. */
export function* addToFeed(entry: Omit<FeedEntry, 'seq'>): Plan<void> {
  const [newest] = yield* scan(feed, { order: ['seq'], descending: true, limit: 1 })
  const seq = (newest?.seq ?? 0) + 1
  yield* write((changes) => {
    changes.insert(feed, { seq, ...entry })
    changes.delete(feed, { seq: seq - FEED_ENTRIES })
  })
}

/** Adds an entry of a change of classes: it concerns all written blocks. */
export function* addReclassified({ from }: JournalRules): Plan<void> {
  const last = (yield* readClock()).number ?? from
  yield* addToFeed({ kind: 'reclassified', first: from, last })
}
