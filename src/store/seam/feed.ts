import type { FeedEntry } from '../../journal/feed-entry.ts'

export type { FeedEntry, FeedKind } from '../../journal/feed-entry.ts'

/**
 * A part of a feed. `entries`: in order. `isLost`: entries after the number asked for are no longer kept, or the journal was
 * begun anew since: the reader must forget all that it knows and go on after `newest`. `newest`: the number of the newest
 * entry, 0 if there is none.
 */
export type FeedPage = {
  readonly entries: readonly FeedEntry[]
  readonly isLost: boolean
  readonly newest: number
}

/** What happened to a chain's journal: one entry for each write that changed answers, from the same transaction. */
export interface FeedReads {
  /** The next entries after a number, at most `limit`. The newest 50,000 are kept. */
  after(seq: number, limit: number): Promise<FeedPage>
}
