import { expect, test } from 'vitest'
import { sampleOf } from './check-range.ts'

const ITEMS = Array.from({ length: 200 }, (_, index) => index)

/** Deterministic pseudo-random numbers from 0 to below 1 (a linear congruential generator). */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (1_664_525 * state + 1_013_904_223) % 2 ** 32
    return state / 2 ** 32
  }
}

test('a sample is in order, without repetitions, of the requested size, and includes the last item', () => {
  for (let seed = 1; seed <= 50; seed++) {
    const sample = sampleOf(ITEMS, 8, seeded(seed))
    expect(sample).toHaveLength(8)
    expect(sample.at(-1)).toBe(199)
    expect([...new Set(sample)].sort((a, b) => a - b)).toEqual(sample)
  }
})

test('samples of the same range differ, and together they include every block', () => {
  const random = seeded(7)
  const samples = Array.from({ length: 400 }, () => sampleOf(ITEMS, 8, random))
  expect(new Set(samples.map((sample) => sample.join())).size).toBeGreaterThan(300)
  expect(new Set(samples.flat()).size).toBe(ITEMS.length)
})

test('a sample of few items has all of them, and a sample of none is empty', () => {
  expect(sampleOf([1, 2, 3], 3, Math.random)).toEqual([1, 2, 3])
  expect(sampleOf([], 8, Math.random)).toEqual([])
  expect(sampleOf([5, 6], 1, Math.random)).toEqual([6])
})
