import { expect, test } from 'vitest'
import { NamedHeads } from './named-heads.ts'

/** A block of a branch. */
const block = (number: number, branch = 'a') => ({ number, hash: `${branch}${number}` })

test('knows since when a block is not surely the newest, and reports only new heads', () => {
  let time = 100
  const reported: unknown[] = []
  const heads = new NamedHeads(
    () => time,
    ({ hash }, at) => reported.push([hash, at]),
  )
  heads.note(block(5))
  time = 110
  heads.note(block(5))
  heads.note(block(7), 90)
  expect(reported).toEqual([
    ['a5', 100],
    ['a7', 90],
  ])
  expect([3, 4, 5, 6, 7].map((number) => heads.replacedAt(block(number)))).toEqual([100, 100, 90, 90, undefined])
})

test('two heads with one number: none is surely the newest, and both are reported', () => {
  let time = 100
  const reported: string[] = []
  const heads = new NamedHeads(
    () => time,
    ({ hash }) => reported.push(hash),
  )
  heads.note(block(5))
  time = 110
  heads.note(block(5, 'b'))
  expect([heads.replacedAt(block(5)), heads.replacedAt(block(5, 'b')), heads.replacedAt(block(5, 'c'))]).toEqual([
    110, 100, 100,
  ])
  heads.note(block(6, 'b'))
  expect(heads.replacedAt(block(6, 'b'))).toBeUndefined()
  expect(reported).toEqual(['a5', 'b5', 'b6'])
})

test('forgets a head that nothing followed for ten minutes', () => {
  let time = 0
  const heads = new NamedHeads(() => time)
  heads.note(block(1_000_000))
  heads.note(block(1_000_000, 'b'))
  time = 599
  expect([heads.replacedAt(block(5)), heads.replacedAt(block(1_000_000))]).toEqual([0, 0])
  time = 600
  expect([heads.replacedAt(block(5)), heads.replacedAt(block(1_000_000))]).toEqual([undefined, undefined])
})
