import { expect, test } from 'vitest'
import { MAX_AMOUNT } from '../core/amount.ts'
import { newestSegment, type Opening, type PairSums, type SumRange } from './segments.ts'

/** A pair whose running sum after each block is given. */
function pairOf(sums: Readonly<Record<number, bigint>>): PairSums {
  const rows = Object.entries(sums).map(([block, sum]) => [Number(block), sum] as const)
  const isOutside = (sum: bigint, { least, most }: SumRange): boolean => sum < least || sum > most
  return {
    sumAt: (block) => rows.findLast(([at]) => at <= block)?.[1] ?? 0n,
    outsideAfter: (block, range) => rows.filter(([at, sum]) => at > block && isOutside(sum, range)).map(([at]) => at),
    outsideThrough: (block, range) =>
      rows
        .filter(([at, sum]) => at <= block && isOutside(sum, range))
        .map(([at]) => at)
        .reverse(),
    nextChange: (block) => rows.find(([at]) => at > block)?.[0],
  }
}

const read = (block: number, amount: bigint, since = 0): Opening => ({ block, amount, since })

test('an opening of coverage closes at the block at whose end the sum leaves the range', () => {
  const all = { reads: [], coverage: 0n }
  expect(newestSegment(pairOf({ 1: 5n, 2: 0n }), all)).toMatchObject({ opening: 0n, closedBlock: undefined })
  expect(newestSegment(pairOf({ 1: 5n, 2: -1n, 3: 4n }), all)).toMatchObject({ opening: 0n, closedBlock: 2 })
  expect(newestSegment(pairOf({ 4: MAX_AMOUNT + 1n }), all)).toMatchObject({ closedBlock: 4 })
})

test('a read opens a pair from its read back to where the sum was last out of range', () => {
  const late = { coverage: undefined }
  expect(newestSegment(pairOf({ 5: -3n }), { ...late, reads: [read(6, 7n)] })).toEqual({
    ...{ opening: 10n, closedBlock: undefined, dropped: [], moved: [] },
  })
  expect(newestSegment(pairOf({ 5: -30n, 8: -3n }), { ...late, reads: [read(9, 7n)] })).toEqual({
    ...{ opening: 10n, closedBlock: undefined, dropped: [], moved: [{ block: 9, since: 8 }] },
  })
})

test('a read of a closed segment reopens it, and a read that the segment covers is dropped', () => {
  const pair = pairOf({ 1: 5n, 2: -1n, 3: 4n })
  expect(newestSegment(pair, { coverage: 0n, reads: [read(1, 5n), read(3, 9n)] })).toEqual({
    ...{ opening: 5n, closedBlock: undefined, dropped: [1], moved: [{ block: 3, since: 3 }] },
  })
})
