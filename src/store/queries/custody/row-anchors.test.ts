import { expect, test } from 'vitest'
import type { Query } from '../query.ts'
import { type CountedList, RowAnchors } from './row-anchors.ts'

/** A list with gaps between its keys. */
function listOf(keys: number[]): CountedList & { skipped: number } {
  const list = {
    name: 'list',
    skipped: 0,
    *countAfter(key: number): Query<number> {
      return keys.filter((one) => one > key).length
    },
    *keyAt(key: number, index: number): Query<number | undefined> {
      list.skipped += index
      return keys.filter((one) => one > key)[index]
    },
  }
  return list
}

/** Runs a query that asks nothing. */
function run<T>(query: Query<T>): T {
  const step = query.next([])
  if (step.done !== true) throw new Error('nothing is asked')
  return step.value
}

test('rows are counted and found while others are added, and skipped only once', () => {
  const anchors = new RowAnchors()
  const keys: number[] = []
  const list = listOf(keys)
  expect(run(anchors.count(list))).toBe(0)
  for (const length of [1, 4_095, 4_096, 4_097, 8_192, 20_000]) {
    while (keys.length < length) keys.push(keys.length * 3 + 5)
    expect(run(anchors.count(list))).toBe(length)
    for (const index of [0, 1, 4_094, 4_095, 4_096, 4_097, 8_191, 8_192, 19_999]) {
      if (index < length) expect(run(anchors.keyAt(list, index))).toBe(keys[index])
    }
  }
  list.skipped = 0
  expect(run(anchors.count(list))).toBe(20_000)
  expect(run(anchors.keyAt(list, 19_000))).toBe(keys[19_000])
  expect(list.skipped).toBeLessThan(3 * 4_096)
})
