/** Transfers of the first generation, so that first answers come within seconds. */
const FIRST_TRANSFERS = 1_000_000
/** Or what was fetched in this time, in milliseconds, from a slow node. */
const FIRST_MS = 10_000
/** A generation has so many times the transfers of the one before: each is built of the whole log. */
const GROWTH = 4
/**
 * Or so many times the duration of the last build's end has passed since. The reading before that takes half as long again,
 * so builds take at most a fifth of the time.
 */
const PAUSE = 6
/**
 * If the log is complete before it has this many times its transfers, only the last generation is built: the one before it
 * is then at most half as large, so that the disk holds both.
 */
const WORTH = 2

/** How far a bulk load is. Times in monotonic milliseconds. */
export type LoadState = {
  /** Transfers in the log, and in the last generation; undefined before the first. */
  readonly transfers: number
  readonly built: number | undefined
  /** Blocks that were fetched, and those that are left. */
  readonly fetchedBlocks: number
  readonly blocksLeft: number
  /** Since the load or the last publication. */
  readonly sinceMs: number
  /** How long the last build took, from the last mark that it read to its publication. */
  readonly lastBuildMs: number
}

/** True if what is read now is to be the next generation. */
export function isBuildDue(state: LoadState): boolean {
  const { transfers, built, fetchedBlocks, blocksLeft, sinceMs, lastBuildMs } = state
  if (transfers === 0 || transfers === built) return false
  if (blocksLeft <= fetchedBlocks * (WORTH - 1)) return false
  if (built === undefined) return transfers >= FIRST_TRANSFERS || sinceMs >= FIRST_MS
  return transfers >= GROWTH * built || sinceMs >= Math.max(FIRST_MS, PAUSE * lastBuildMs)
}
