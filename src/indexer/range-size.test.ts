import { expect, test } from 'vitest'
import { afterAnswer, afterTooLarge, FIRST_RANGE_SIZE } from './range-size.ts'

const light = (blocks: number) => ({ blocks, transfers: 10, ms: 5 })

test('light answers double the range, up to the maximum', () => {
  let size = FIRST_RANGE_SIZE
  for (let i = 0; i < 20; i++) size = afterAnswer(size, light(size.blocks))
  expect(size.blocks).toBe(10_000)
})

test('full or slow answers shrink it, down to one block', () => {
  const start = { blocks: 100, ceiling: 10_000, successes: 0 }
  expect(afterAnswer(start, { blocks: 100, transfers: 40_000, ms: 10 }).blocks).toBe(50)
  expect(afterAnswer(start, { blocks: 100, transfers: 10, ms: 8_000 }).blocks).toBe(50)
  expect(afterAnswer({ ...start, blocks: 1 }, { blocks: 1, transfers: 90_000, ms: 10 }).blocks).toBe(1)
})

test('a useful suggestion is used, and becomes the ceiling', () => {
  const size = afterTooLarge(FIRST_RANGE_SIZE, { blocks: 200, suggested: 30 })
  expect(size).toEqual({ blocks: 30, ceiling: 30, successes: 0 })
  expect(afterAnswer(size, light(30)).blocks).toBe(30)
})

test.each([undefined, 200, 201, 0, -5])('without a useful suggestion (%s) the range is halved', (suggested) => {
  expect(afterTooLarge(FIRST_RANGE_SIZE, { blocks: 200, suggested }).blocks).toBe(100)
})

test('a ceiling is raised again after many successes', () => {
  let size = afterTooLarge(FIRST_RANGE_SIZE, { blocks: 200, suggested: 30 })
  for (let i = 0; i < 41; i++) size = afterAnswer(size, light(size.blocks))
  expect(size.blocks).toBe(60)
})

test('a short last range does not shrink the range size', () => {
  const size = { blocks: 500, ceiling: 10_000, successes: 3 }
  expect(afterAnswer(size, light(3)).blocks).toBe(500)
})
