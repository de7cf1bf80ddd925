import type { Plan } from '../plan.ts'
import { DoubtMarks } from './doubts.ts'
import { rewritePairs } from './history.ts'
import type { JournalRules } from './journal-rules.ts'
import type { PairKey } from './pairs.ts'

/** Recomputes pairs whose reads were carried from another generation of the journal. Their running sums stay. */
export function carryPairs(pairs: readonly PairKey[], rules: JournalRules): Plan<void> {
  return rewritePairs(
    pairs.map((pair) => ({ pair, from: Number.MAX_SAFE_INTEGER })),
    rules,
  )
}

/** Marks pairs that events hinted at since the generation before: none is proven until it is compared. */
export function* unproveHinted(pairs: readonly PairKey[], rules: JournalRules): Plan<void> {
  const doubts = new DoubtMarks(rules)
  yield* doubts.unprove(pairs)
  yield* doubts.publish()
}
