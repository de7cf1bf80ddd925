import type { DoubtWork } from '../store/seam/doubts.ts'

/** True if a round of the audit has changed nothing in what is in doubt. */
export function isSameWork(before: DoubtWork, after: DoubtWork): boolean {
  const { pairs, tokens, chain, refetching, rechecking } = before
  const counted = pairs === after.pairs && tokens === after.tokens && chain === after.chain
  const staged = refetching === after.refetching && rechecking === after.rechecking
  return counted && staged && before.unlooked === after.unlooked
}
