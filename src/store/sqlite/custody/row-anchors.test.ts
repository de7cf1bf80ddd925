import { expect, test } from 'vitest'
import { type CountedList, RowAnchors } from './row-anchors.ts'

/** A list with gaps between its keys. */
function listOf(keys: number[]): CountedList & { skipped: number } {
  const list = {
    name: 'list',
    skipped: 0,
    countAfter: (key: number) => keys.filter((one) => one > key).length,
    keyAt: (key: number, index: number) => {
      list.skipped += index
      return keys.filter((one) => one > key)[index]
    },
  }
  return list
}

test('rows are counted and found while others are added, and skipped only once', () => {
  const anchors = new RowAnchors()
  const keys: number[] = []
  const list = listOf(keys)
  expect(anchors.count(list)).toBe(0)
  for (const length of [1, 4_095, 4_096, 4_097, 8_192, 20_000]) {
    while (keys.length < length) keys.push(keys.length * 3 + 5)
    expect(anchors.count(list)).toBe(length)
    for (const index of [0, 1, 4_094, 4_095, 4_096, 4_097, 8_191, 8_192, 19_999]) {
      if (index < length) expect(anchors.keyAt(list, index)).toBe(keys[index])
    }
  }
  list.skipped = 0
  expect(anchors.count(list)).toBe(20_000)
  expect(anchors.keyAt(list, 19_000)).toBe(keys[19_000])
  expect(list.skipped).toBeLessThan(3 * 4_096)
})
