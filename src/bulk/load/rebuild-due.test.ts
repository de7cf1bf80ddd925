import { expect, test } from 'vitest'
import { isRebuildCheaper, transfersOf } from './rebuild-due.ts'

const MILLION = 1_000_000
const STORED = { transfers: 20 * MILLION, perBlock: 200, openings: 0 }

test.each([
  ['a day of a small chain', { transfers: MILLION, perBlock: 1, openings: 0, blocks: 7_200 }, false],
  ['as much as is stored', { transfers: MILLION, perBlock: 200, openings: 0, blocks: 5_000 }, true],
  ['a tenth of a small store', { transfers: MILLION, perBlock: 200, openings: 0, blocks: 500 }, false],
  ['a tenth of a large store', { ...STORED, blocks: 10_000 }, true],
  ['a hundredth of a large store', { ...STORED, blocks: 1_000 }, false],
  [
    'a tenth of a large store, with an opening for each pair',
    { ...STORED, openings: 10 * MILLION, blocks: 10_000 },
    false,
  ],
  ['empty blocks', { transfers: 0, perBlock: 0, openings: 0, blocks: MILLION }, false],
])('to build anew is cheaper than to append: %s', (_, gap, isCheaper) => {
  expect(isRebuildCheaper(gap)).toBe(isCheaper)
})

test('a gap has as many transfers as its blocks would have at the density of the newest ones', () => {
  expect(transfersOf({ perBlock: 2.5, blocks: 1_001 })).toBe(2_503)
})
