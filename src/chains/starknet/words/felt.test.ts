import { describe, expect, test } from 'vitest'
import {
  FIELD_PRIME,
  feltOf,
  minimalFelt,
  parseAddress,
  parseFelt,
  parseHash,
  parseItem,
  parseLimb,
  parseNumber,
  shortStringBytes,
  u256Felts,
  u256Of,
  ZERO_ADDRESS,
} from './felt.ts'

const STRK = '4718f5a0fc34cc1af16a1cdee98ffb20c31f5cd61d6ab07201858f4287c938d'
const HIGHEST = `0x${(FIELD_PRIME - 1n).toString(16)}`

describe('a felt', () => {
  test.each([
    ['0x0', 0n],
    ['0x00', 0n],
    [`0x${'0'.repeat(64)}`, 0n],
    [`0x${'0'.repeat(80)}1`, 1n],
    ['0X0aF', 175n],
    [`0x0${STRK}`, BigInt(`0x${STRK}`)],
    [`0x${STRK.toUpperCase()}`, BigInt(`0x${STRK}`)],
    [HIGHEST, FIELD_PRIME - 1n],
    [feltOf(2n ** 251n), 2n ** 251n],
  ])('%s is read by value', (text, value) => {
    expect(parseFelt(text)).toBe(value)
    expect(minimalFelt(text)).toBe(`0x${value.toString(16)}`)
  })

  test.each([
    ['the prime', feltOf(FIELD_PRIME)],
    ['above the prime', feltOf(FIELD_PRIME + 1n)],
    ['2^252', feltOf(2n ** 252n)],
    ['2^256 - 1', `0x${'f'.repeat(64)}`],
    ['65 digits', `0x1${'0'.repeat(64)}`],
    ['no digits', '0x'],
    ['no prefix', STRK],
    ['a letter that is no digit', '0xg'],
    ['white space', ' 0x1'],
    ['a number', 1],
    ['null', null],
  ])('%s is none', (_, value) => {
    expect(parseFelt(value)).toBeUndefined()
    expect(minimalFelt(value)).toBeUndefined()
    expect(parseAddress(value)).toBeUndefined()
    expect(parseLimb(value)).toBeUndefined()
  })
})

describe('an address', () => {
  test.each([
    ['0x1', `0x${'1'.padStart(64, '0')}`],
    ['0x0', ZERO_ADDRESS],
    [`0x${STRK.toUpperCase()}`, `0x0${STRK}`],
    [`0x000${STRK}`, `0x0${STRK}`],
    [HIGHEST, HIGHEST.replace('0x', '0x0')],
  ])('%s has one canonical form', (text, canonical) => {
    expect(parseAddress(text)).toBe(canonical)
  })
})

test('a hash is a minimal felt that is not zero', () => {
  expect(parseHash('0x00AB')).toBe('0xab')
  expect(parseHash('0x0')).toBeUndefined()
  expect(parseHash(undefined)).toBeUndefined()
})

describe('a u256', () => {
  test.each([
    ['0x0', '0x0', 0n],
    ['0x2', '0x1', 2n ** 128n + 2n],
    [`0x${'f'.repeat(32)}`, `0x${'F'.repeat(32)}`, 2n ** 256n - 1n],
    [`0x000${'f'.repeat(32)}`, '0x00', 2n ** 128n - 1n],
  ])('of %s and %s', (low, high, value) => {
    expect(u256Of(low, high)).toBe(value)
    expect(u256Of(...u256Felts(value))).toBe(value)
  })

  test.each([
    [feltOf(2n ** 128n), '0x0'],
    ['0x0', feltOf(2n ** 128n)],
    ['0x0', HIGHEST],
    ['0x0', undefined],
  ])('of %s and %s does not exist', (low, high) => {
    expect(u256Of(low, high)).toBeUndefined()
  })
})

test('an item is decimal text below 2^256', () => {
  expect(parseItem('0')).toBe(0n)
  expect(parseItem((2n ** 256n - 1n).toString())).toBe(2n ** 256n - 1n)
  for (const text of ['', '-1', '0x1', '1.0', (2n ** 256n).toString(), '9'.repeat(100)]) {
    expect(parseItem(text)).toBeUndefined()
  }
})

test('a short string has at most 31 bytes', () => {
  expect(shortStringBytes(0x534e5f4d41494en)?.toString()).toBe('SN_MAIN')
  expect(shortStringBytes(0x9n)?.toString()).toBe('\t')
  expect(shortStringBytes(0n)?.toString()).toBe('')
  expect(shortStringBytes(2n ** 248n - 1n)).toHaveLength(31)
  expect(shortStringBytes(2n ** 248n)).toBeUndefined()
})

test('a number is an integer, or hex', () => {
  expect(parseNumber(588763)).toBe(588763)
  expect(parseNumber('0x8fbdb')).toBe(588763)
  for (const value of [-1, 1.5, 2 ** 53, '12', '0x20000000000001', null]) expect(parseNumber(value)).toBeUndefined()
})
