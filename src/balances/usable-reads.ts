import type { Balance, BalanceKey, Observation } from '../core/balance.ts'
import type { ObservationStore } from '../store/seam/observations.ts'

/**
 * Returns the stored reads that can be part of an answer, in the order of the keys. `proven`: the amounts that the journal
 * proves. A read replaces a proven amount only if it is of a higher block. Mostly no read of the chain is, so that proven
 * amounts cost no look-up.
 */
export async function usableReads(
  observations: Pick<ObservationStore, 'get' | 'newestBlock'>,
  keys: readonly BalanceKey[],
  proven: readonly (Balance | undefined)[],
): Promise<readonly (Observation | undefined)[]> {
  const isAnyProven = proven.some((amount) => amount?.known === true)
  const newest = (isAnyProven ? await observations.newestBlock() : undefined) ?? Number.NEGATIVE_INFINITY
  const wanted = [...keys.keys()].filter((index) => {
    const amount = proven[index]
    return amount?.known !== true || amount.block.number < newest
  })
  const found = wanted.length === 0 ? [] : await observations.get(wanted.flatMap((index) => keys[index] ?? []))
  const all: (Observation | undefined)[] = keys.map(() => undefined)
  for (const [at, index] of wanted.entries()) all[index] = found[at]
  return all
}
