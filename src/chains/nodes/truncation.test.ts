import { expect, test } from 'vitest'
import { isWhole, UncutCounts } from './truncation.ts'

/** Checks an answer of so many entries, of which each half has the given number. Returns also what was asked. */
async function check(count: number, halves: readonly [number, number], range = { first: 10, last: 19 }) {
  const asked: unknown[] = []
  const uncut = new UncutCounts()
  const left = [...halves]
  const countIn = async (half: unknown): Promise<number> => {
    asked.push(half)
    return left.shift() ?? 0
  }
  let truncated = 0
  const how = { uncut, countIn, onTruncated: () => void truncated++ }
  const answer = { label: 'node', range, count }
  const outcome = await isWhole(answer, how).catch((error: unknown) => error)
  return { outcome, asked, truncated, again: () => isWhole(answer, how) }
}

test('a number that is not round is whole, and nothing is asked', async () => {
  expect(await check(99, [0, 0])).toMatchObject({ outcome: true, asked: [] })
})

test('a round number is compared with the halves, once', async () => {
  const { outcome, asked, again } = await check(100, [60, 40])
  expect(await again()).toBe(true)
  expect([outcome, asked]).toEqual([
    true,
    [
      { first: 10, last: 14 },
      { first: 15, last: 19 },
    ],
  ])
})

test('halves with more entries, or without an answer, mean that the answer was truncated', async () => {
  for (const halves of [
    [60, 41],
    [Number.POSITIVE_INFINITY, 0],
  ] as const) {
    const { outcome, truncated } = await check(100, halves)
    expect(outcome).toMatchObject({ code: 'RANGE_TOO_LARGE', fields: { suggested: 5 } })
    expect(truncated).toBe(1)
  }
})

test('one block has no halves, so a round number is undecided', async () => {
  expect(await check(100, [0, 0], { first: 10, last: 10 })).toMatchObject({ outcome: false, asked: [] })
})
