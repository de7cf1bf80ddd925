import { expect, test } from 'vitest'
import { charactersOf, hasAtMost, isLabel } from './label.ts'

test.each([
  ['a', 1, true],
  ['💷', 1, true],
  ['💷💷', 1, false],
  ['ab', 1, false],
  ['e\u0301', 1, false],
  ['', 1, false],
  ['\u200b', 1, false],
  ['\u200bx', 2, true],
  ['\u3000', 9, false],
  ['a\u2066b', 9, false],
  ['a\u0000', 9, false],
  ['\ud83d', 9, false],
  ['\u05d0\u05d1', 2, true],
] as const)('%j in at most %i characters: %s', (text, most, is) => {
  expect(isLabel(text, most)).toBe(is)
})

test('text is counted in code points, and long text only in part', () => {
  expect(charactersOf('a💷\ud800')).toBe(3)
  expect(hasAtMost('💷'.repeat(256), 256)).toBe(true)
  expect(hasAtMost('💷'.repeat(256), 255)).toBe(false)
  expect(hasAtMost('x'.repeat(10_000_000), 1)).toBe(false)
  expect(hasAtMost('', 0)).toBe(true)
})
