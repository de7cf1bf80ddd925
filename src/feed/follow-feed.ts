import type { FeedEntry, FeedReads } from '../store/seam/feed.ts'

/** Entries that are read at once. */
const ENTRIES_AT_ONCE = 500

/**
 * What happened to a journal. `seq`: where to go on. `anew`: what is known of the journal must be forgotten, since entries were
 * missed or the journal was begun anew.
 */
export type FeedNews =
  | { readonly type: 'entries'; readonly entries: readonly FeedEntry[]; readonly seq: number }
  | { readonly type: 'anew'; readonly seq: number }

/**
 * Follows the feed of a journal from a number on, until `pause` throws. Never misses an entry without saying so. `pause`:
 * waits before the feed is asked again, once its end was reached.
 */
export async function* followFeed(
  reads: FeedReads,
  from: number,
  pause: () => Promise<void>,
): AsyncGenerator<FeedNews, never> {
  for (let seq = from; ; ) {
    const page = await reads.after(seq, ENTRIES_AT_ONCE)
    const last = page.entries.at(-1)
    if (page.isLost) {
      seq = page.newest
      yield { type: 'anew', seq }
    } else if (last !== undefined) {
      seq = last.seq
      yield { type: 'entries', entries: page.entries, seq }
    }
    if (seq >= page.newest) await pause()
  }
}
