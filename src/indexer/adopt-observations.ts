import type { ChainAdapter } from '../chains/adapter.ts'
import type { Observation } from '../core/balance.ts'
import type { AdoptionResult } from '../store/seam/audits.ts'
import type { ObservationStore } from '../store/seam/observations.ts'
import type { Journal } from '../store/seam/store.ts'

/** Observations compared at once: some milliseconds of the writer's time. */
const MAX_ADOPTED = 200

/** An observation, and the result of its comparison. */
export type Adopted = { readonly read: Observation; readonly result: AdoptionResult }

/**
 * Compares observations with the journal, once it has their blocks, at most a few hundred at a time. It adopts an
 * observation if the journal has no amount of its own, and deletes those of blocks that are not ours. An observation of
 * a final block whose hash is no longer stored is kept, and not compared again. A sum of coins that the journal contradicts is
 * deleted too: the coins were looked for when less was known. `through`: the last block written.
 */
export async function adoptObservations(
  deps: { readonly adapter: ChainAdapter; readonly journal: Journal; readonly observations: ObservationStore },
  through: number,
): Promise<readonly Adopted[]> {
  const { adapter, journal, observations } = deps
  const areSums = adapter.accounts !== undefined
  const reads = await observations.uncompared({ through, limit: MAX_ADOPTED })
  if (reads.length === 0) return []
  const results = await journal.adopt(reads)
  const adopted = results.flatMap((result, index): Adopted[] => {
    const read = reads[index]
    return read === undefined ? [] : [{ read, result }]
  })
  // After a crash before this line they are compared once more, and are equal.
  await observations.markCompared(
    adopted.map(({ read, result: { outcome } }) => {
      return { observation: read, keep: outcome !== 'not_canonical' && !(areSums && outcome === 'different') }
    }),
  )
  return adopted
}
