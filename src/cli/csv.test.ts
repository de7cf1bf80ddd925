import { expect, test } from 'vitest'
import { csvLine } from './csv.ts'

test.each([
  [['a', '', undefined, 'b'], 'a,,,b\r\n'],
  [['a,b', 'say "x"', 'two\nlines', 'cr\r'], '"a,b","say ""x""","two\nlines","cr\r"\r\n'],
  [['=1+1', '+1', '-1', '@x', '\tx'], '=1+1,+1,-1,@x,\tx\r\n'],
])('cells are exact: %j', (cells, line) => {
  expect(csvLine(cells, { spreadsheet: false })).toBe(line)
})

test('in spreadsheet mode no cell begins a formula', () => {
  expect(csvLine(['=1,2', '+1', '-1', '@x', '1-1', ' =1'], { spreadsheet: true })).toBe(
    `"'=1,2",'+1,'-1,'@x,1-1, =1\r\n`,
  )
})

test.each([
  ['a;=1', "a;'=1"],
  ['a;;-1;b', "a;;'-1;b"],
  ['a;"=1"', `"a;'""=1"""`],
  ['"=1"', `"'""=1"""`],
  ['＝1', "'＝1"],
  ['a; =1;1', 'a; =1;1'],
])('nor does text after a semicolon, which separates cells in many countries: %j', (cell, written) => {
  expect(csvLine([cell], { spreadsheet: true })).toBe(`${written}\r\n`)
})
