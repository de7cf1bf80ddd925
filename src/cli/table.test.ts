import { expect, test } from 'vitest'
import { cutToWidth, displayWidth, harmless } from './display-width.ts'
import { alignedLines } from './table.ts'

test.each<[string, number]>([
  ['', 0],
  ['abc', 3],
  ['é', 1],
  ['e\u0301', 1],
  ['日本', 4],
  ['한글', 4],
  ['Ａ', 2],
  ['🏦', 2],
  ['👩‍👩‍👧', 2],
  ['❤️', 2],
  ['🇬🇧', 2],
  ['…', 1],
  ['\u200b', 0],
])('%j takes %i columns', (text, columns) => {
  expect(displayWidth(text)).toBe(columns)
})

test.each<[string, number, string]>([
  ['abcdef', 6, 'abcdef'],
  ['abcdef', 5, 'abcd…'],
  ['日本語', 5, '日本…'],
  ['日本語', 4, '日…'],
  ['a', 0, ''],
])('%j in %i columns is %j', (text, columns, cut) => {
  expect(cutToWidth(text, columns)).toBe(cut)
})

test('characters that move the cursor or change the writing direction are replaced', () => {
  expect(harmless('a\u001b[2Jb\nc\u202Ed\u2028e')).toBe('a\uFFFD[2Jb\uFFFDc\uFFFDd\uFFFDe')
})

const ROWS = [
  ['NAME', 'STATE', 'NOTE'],
  ['日本円', 'active', 'x'],
  ['a name that is too long', 'off', 'a note that is long'],
]

test('cells are aligned at any width; on a terminal they are cut to it', () => {
  expect(alignedLines(ROWS, { columns: 34, bounds: [12] })).toEqual([
    'NAME          STATE   NOTE\n',
    '日本円        active  x\n',
    'a name that…  off     a note that…\n',
  ])
})

test('without a terminal nothing is cut, and no line ends with spaces', () => {
  expect(alignedLines([...ROWS, ['b', 'on', '']], { columns: undefined, bounds: [12] })).toEqual([
    'NAME                     STATE   NOTE\n',
    '日本円                   active  x\n',
    'a name that is too long  off     a note that is long\n',
    'b                        on\n',
  ])
})
