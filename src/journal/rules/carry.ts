import type { Plan } from '../plan.ts'
import { DoubtMarks } from './doubts.ts'
import { addToFeed } from './feed.ts'
import { rewritePairs } from './history.ts'
import type { JournalRules } from './journal-rules.ts'
import { readClock } from './own-blocks.ts'
import type { PairKey } from './pairs.ts'

/** Recomputes pairs whose reads were carried from another generation of the journal. Their running sums stay. */
export function carryPairs(pairs: readonly PairKey[], rules: JournalRules): Plan<void> {
  return rewritePairs(
    pairs.map((pair) => ({ pair, from: Number.MAX_SAFE_INTEGER })),
    rules,
  )
}

/**
 * Adds to the feed the blocks of a generation that is published. `before`: the last block of the generation before. Which of
 * its rows differ is not known: if there are no new blocks, all are named.
 */
export function* addPublished(before: number | undefined, { from }: JournalRules): Plan<void> {
  const last = (yield* readClock()).number ?? from
  const next = before === undefined ? from : before + 1
  yield* addToFeed({ kind: 'appended', first: next > last ? from : next, last })
}

/** Removes the marks of tokens that new blocks reclassified: they are answered by reads. */
export function* resolveClassified(assets: readonly number[], rules: JournalRules): Plan<void> {
  const doubts = new DoubtMarks(rules)
  for (const asset of assets) yield* doubts.resolveAsset(asset)
  yield* doubts.publish()
}

/**
 * Marks pairs that events hint at: none is proven until it is compared. `at`: the newest block when that was found; the last
 * written one if not given.
 */
export function* unproveHinted(pairs: readonly PairKey[], rules: JournalRules, at?: number): Plan<void> {
  const doubts = new DoubtMarks(rules)
  yield* doubts.unprove(pairs, at)
  yield* doubts.publish()
}
