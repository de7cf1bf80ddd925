/**
 * What a committed write did to a journal.
 * - `appended`: blocks were added after the last one, or a bulk load published them.
 * - `rolled_back`: blocks were removed, since the chain replaced them.
 * - `finalized`: blocks became final.
 * - `repaired`: transfers of past blocks were added or removed.
 * - `adopted`: history that was unknown is known now, or no longer: of a balance by a read, or of an account that is
 *   followed or no longer followed.
 * - `reclassified`: how balances of tokens are known changed: a token's accounting, a doubt, the end of a contract, or
 *   whether it can be read. It concerns all blocks.
 */
export const FEED_KINDS = ['appended', 'rolled_back', 'finalized', 'repaired', 'adopted', 'reclassified'] as const
/** A kind of `FEED_KINDS`. */
export type FeedKind = (typeof FEED_KINDS)[number]

/** A committed write, and the first and last block that it concerns. Numbers (`seq`) follow each other without gaps. */
export type FeedEntry = {
  readonly seq: number
  readonly kind: FeedKind
  readonly first: number
  readonly last: number
}

/** Entries that are kept, some 20 bytes each: about a week of blocks that come every 12 seconds and are finalized singly. */
export const FEED_ENTRIES = 50_000
