import { expect, test } from 'vitest'
import { NamedHeads } from './named-heads.ts'

test('knows since when a block is not the newest, and reports only higher heads', () => {
  let time = 100
  const reported: [number, number][] = []
  const heads = new NamedHeads(
    () => time,
    (number, at) => reported.push([number, at]),
  )
  heads.note(5)
  time = 110
  heads.note(4)
  heads.note(5)
  heads.note(7, 90)
  expect(reported).toEqual([
    [5, 100],
    [7, 90],
  ])
  expect([3, 4, 5, 6, 7].map((number) => heads.above(number))).toEqual([100, 100, 90, 90, undefined])
})

test('forgets a head that nothing followed for ten minutes', () => {
  let time = 0
  const heads = new NamedHeads(() => time)
  heads.note(1_000_000)
  time = 599
  expect(heads.above(5)).toBe(0)
  time = 600
  expect(heads.above(5)).toBeUndefined()
})
