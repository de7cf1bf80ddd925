import { expect, test } from 'vitest'
import { isBuildDue, type LoadState } from './build-due.ts'

const FRESH: LoadState = {
  ...{ transfers: 0, built: undefined, fetchedBlocks: 1_000, blocksLeft: 1_000_000 },
  ...{ sinceMs: 0, lastBuildMs: 0 },
}
const MILLION = 1_000_000

test.each<readonly [string, Partial<LoadState>, boolean]>([
  ['nothing was fetched', { sinceMs: 60_000 }, false],
  ['a few transfers were fetched at once', { transfers: 1_000 }, false],
  ['a few transfers were fetched in ten seconds', { transfers: 1_000, sinceMs: 10_000 }, true],
  ['the first million was fetched', { transfers: MILLION, sinceMs: 3_000 }, true],
  ['the first million was fetched, and the rest is small', { transfers: MILLION, blocksLeft: 400 }, false],
  ['three times the last generation was fetched', { transfers: 3 * MILLION, built: MILLION }, false],
  ['four times the last generation was fetched', { transfers: 4 * MILLION, built: MILLION }, true],
  ['four times, and the end is near', { transfers: 4 * MILLION, built: MILLION, blocksLeft: 500 }, false],
  ['little more, soon after', { transfers: MILLION + 1, built: MILLION, sinceMs: 9_000, lastBuildMs: 100 }, false],
  ['little more, long after', { transfers: MILLION + 1, built: MILLION, sinceMs: 61_000, lastBuildMs: 10_000 }, true],
  [
    'little more, not so long after',
    { transfers: MILLION + 1, built: MILLION, sinceMs: 59_000, lastBuildMs: 10_000 },
    false,
  ],
  ['nothing more', { transfers: MILLION, built: MILLION, sinceMs: 99_000 }, false],
])('a build is due: %s', (_, state, isDue) => {
  expect(isBuildDue({ ...FRESH, ...state })).toBe(isDue)
})
