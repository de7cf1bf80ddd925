import { describe, expect, test } from 'vitest'
import { parseBytes, parseHex32 } from './hex.ts'

const DIGITS = 'eeb0da50e80404abe2f40adff3ecde15fac4c540a7c8dcbca292c18ddb3f1967'

describe('32 bytes', () => {
  test.each([DIGITS, `0x${DIGITS}`, DIGITS.toUpperCase(), `0X${DIGITS.toUpperCase()}`])('%s', (text) => {
    expect(parseHex32(text)).toBe(DIGITS)
  })

  test.each([
    ['31 bytes', DIGITS.slice(2)],
    ['33 bytes', `${DIGITS}00`],
    ['a letter that is no digit', DIGITS.replace('e', 'g')],
    ['a line end', `${DIGITS}\n`],
    ['two prefixes', `0x0x${DIGITS}`],
    ['nothing', ''],
    ['a number', 1],
    ['null', null],
    ['a list', [DIGITS]],
  ])('are not %s', (_, value) => {
    expect(parseHex32(value)).toBeUndefined()
  })
})

describe('bytes', () => {
  test.each([
    ['', []],
    ['0x', []],
    ['ff0180', [0xff, 1, 0x80]],
    ['0xFF0180', [0xff, 1, 0x80]],
  ])('%s', (text, bytes) => {
    expect([...(parseBytes(text) ?? [-1])]).toEqual(bytes)
  })

  test.each([
    ['half a byte', 'fff'],
    ['other letters', 'zz'],
    ['white space', 'ff 01'],
    ['null', null],
    ['a number', 255],
  ])('are not %s', (_, value) => {
    expect(parseBytes(value)).toBeUndefined()
  })
})
