import type { Observation } from '../core/balance.ts'
import type { Judgement } from '../store/seam/audits.ts'
import type { ObservationStore } from '../store/seam/observations.ts'
import type { Journal } from '../store/seam/store.ts'

/** Reads judged in one go: some milliseconds of the writer's time. */
const MAX_JUDGED = 200

/** A read, and what became of it. */
export type Judged = { readonly read: Observation; readonly judgement: Judgement }

/**
 * Holds reads that anyone noted against the journal, once it has their blocks: what it did not know it adopts, what it
 * knew it compares, and reads of blocks that are not ours are dropped. One of a final block whose name is forgotten stays
 * what it is, a read, and is not looked at again. At most a few hundred at a time.
 */
export async function judgeObservations(parts: {
  readonly journal: Journal
  readonly observations: ObservationStore
  /** The last block written. */
  readonly through: number
}): Promise<readonly Judged[]> {
  const { journal, observations, through } = parts
  const reads = await observations.unjudged({ through, limit: MAX_JUDGED })
  if (reads.length === 0) return []
  const judgements = await journal.adopt(reads)
  const judged = judgements.flatMap((judgement, index): Judged[] => {
    const read = reads[index]
    return read === undefined ? [] : [{ read, judgement }]
  })
  // A crash before this line judges them once more, which finds them equal.
  await observations.settle(
    judged.map(({ read, judgement }) => ({ observation: read, keep: judgement.outcome !== 'not_canonical' })),
  )
  return judged
}
