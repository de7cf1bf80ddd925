import type { Observation } from '../core/balance.ts'
import type { AdoptionResult } from '../store/seam/audits.ts'
import type { ObservationStore } from '../store/seam/observations.ts'
import type { Journal } from '../store/seam/store.ts'

/** Reads judged in one go: some milliseconds of the writer's time. */
const MAX_ADOPTED = 200

/** A read, and what became of it. */
export type Adopted = { readonly read: Observation; readonly result: AdoptionResult }

/**
 * Holds reads that anyone noted against the journal, once it has their blocks: what it did not know it adopts, what it
 * knew it compares, and reads of blocks that are not ours are dropped. One of a final block whose name is forgotten stays
 * what it is, a read, and is not looked at again. At most a few hundred at a time.
 */
export async function adoptObservations(deps: {
  readonly journal: Journal
  readonly observations: ObservationStore
  /** The last block written. */
  readonly through: number
}): Promise<readonly Adopted[]> {
  const { journal, observations, through } = deps
  const reads = await observations.uncompared({ through, limit: MAX_ADOPTED })
  if (reads.length === 0) return []
  const results = await journal.adopt(reads)
  const adopted = results.flatMap((result, index): Adopted[] => {
    const read = reads[index]
    return read === undefined ? [] : [{ read, result }]
  })
  // A crash before this line judges them once more, which finds them equal.
  await observations.markCompared(
    adopted.map(({ read, result }) => ({ observation: read, keep: result.outcome !== 'not_canonical' })),
  )
  return adopted
}
