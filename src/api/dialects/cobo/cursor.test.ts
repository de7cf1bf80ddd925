import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type CursorList, readCursor, writeCursor } from './cursor.ts'

const LIST: CursorList = { name: 'balances', principal: 'desk', filters: ['w', undefined, 'a#b+c%d&é', undefined] }
const at = { list: LIST, side: 'after', length: 1 } as const

test('a cursor has its key, and needs no encoding in a URL', () => {
  const numbers = fc.array(fc.maxSafeNat(), { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(numbers, fc.constantFrom('after' as const, 'before' as const), (key, side) => {
      const text = writeCursor(LIST, side, key)
      expect(text).toMatch(/^[A-Za-z0-9_-]+$/)
      expect(readCursor(text, { list: LIST, side, length: key.length })).toEqual(key)
    }),
  )
})

test.each<[string, Parameters<typeof readCursor>[1]]>([
  ['another list', { ...at, list: { ...LIST, name: 'wallets' } }],
  ['another principal', { ...at, list: { ...LIST, principal: 'other' } }],
  ['another filter', { ...at, list: { ...LIST, filters: ['w', undefined, 'a#b+c%d&e', undefined] } }],
  ['a filter less', { ...at, list: { ...LIST, filters: [undefined, undefined, 'a#b+c%d&é', undefined] } }],
  ['a filter at another place', { ...at, list: { ...LIST, filters: [undefined, 'w', 'a#b+c%d&é', undefined] } }],
  ['the other direction', { ...at, side: 'before' }],
  ['another kind of key', { ...at, length: 4 }],
])('a cursor of %s is none', (_, other) => {
  expect(readCursor(writeCursor(LIST, 'after', [5]), other)).toBeUndefined()
})

test('no changed text is a cursor', () => {
  const text = writeCursor(LIST, 'after', [5])
  const changed = [...text].map(
    (letter, index) => text.slice(0, index) + (letter === 'A' ? 'B' : 'A') + text.slice(index + 1),
  )
  const others = [
    '',
    'null',
    '0',
    '5',
    'x'.repeat(1_000),
    `${text}=`,
    `${text}A`,
    ` ${text}`,
    `${text}\n`,
    `${text}!`,
    text.slice(1),
  ]
  for (const bad of [...changed, ...others]) expect([bad, readCursor(bad, at)]).toEqual([bad, undefined])
})
