import fc from 'fast-check'
import { type TSchema, Type } from 'typebox'
import { describe, expect, test } from 'vitest'
import { AssertionError } from '../../core/assert.ts'
import { ExactNumber } from './json-schema.ts'
import { compileSerialiser } from './serialise.ts'

describe('exact numbers', () => {
  const write = compileSerialiser(Type.Object({ price: ExactNumber(), count: Type.Integer() }))

  test.each([
    '0',
    '-1',
    '9007199254740993.123',
    '0.000000000000000001',
    '115792089237316195423570985008687907853269984665640564039457584007913129639935',
  ])('%s is written digit by digit', (price) => {
    expect(write({ price, count: 2n ** 256n })).toBe(`{"price":${price},"count":${2n ** 256n}}`)
  })

  test.each(['', '1e5', '01', '1.', '.5', '+1', 'NaN', '1,0', '1"', ' 1', 5, null])('%j is a bug', (price) => {
    expect(() => write({ price, count: 1 })).toThrow(AssertionError)
  })

  test.each([1.5, Number.NaN, 2 ** 53, '1', undefined, null])('the integer %s is a bug', (count) => {
    expect(() => write({ price: '1', count })).toThrow(AssertionError)
  })
})

test('every integer that a double holds exactly is written with its digits', () => {
  const write = compileSerialiser(Type.Integer())
  fc.assert(
    fc.property(fc.maxSafeInteger(), (value) => {
      expect(write(value)).toBe(JSON.stringify(value))
    }),
  )
  for (const edge of [0, -0, 2 ** 31 - 1, 2 ** 31, -(2 ** 31), -(2 ** 31) - 1, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
    expect(write(edge)).toBe(JSON.stringify(edge))
  }
})

test('undefined optional keys are absent, undefined required keys are a bug, keys outside the schema are left out', () => {
  const write = compileSerialiser(Type.Object({ a: Type.Optional(Type.String()), b: Type.String() }))
  expect(write({ a: undefined, b: 'x', c: 1 })).toBe('{"b":"x"}')
  expect(write({ a: 'y', b: 'x' })).toBe('{"a":"y","b":"x"}')
  expect(() => write({ a: 'y' })).toThrow('$.b is undefined, not text')
})

test('a number that JavaScript would write with an exponent is a bug, not 1e21', () => {
  const write = compileSerialiser(Type.Number())
  expect(write(1.5)).toBe('1.5')
  expect(() => write(1e21)).toThrow(AssertionError)
})

describe('the same as JSON, for any value of a schema', () => {
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.constantFrom('"', '\\', '\u2028', '\ud800', '\0'),
  )
  const cases: readonly [string, TSchema, fc.Arbitrary<unknown>][] = [
    ['text', Type.String(), text],
    ['lists', Type.Array(Type.Boolean()), fc.array(fc.boolean())],
    [
      'unions',
      Type.Array(Type.Union([Type.Null(), Type.Boolean(), Type.Integer(), Type.String()])),
      fc.array(fc.oneof(fc.constant(null), fc.boolean(), fc.maxSafeInteger(), text)),
    ],
    [
      'objects',
      Type.Object({ 'a"b': Type.String(), c: Type.Optional(Type.Object({ d: Type.Array(Type.Integer()) })) }),
      fc.record({ 'a"b': text, c: fc.record({ d: fc.array(fc.maxSafeInteger()) }) }, { requiredKeys: ['a"b'] }),
    ],
    ['maps', Type.Record(Type.String(), Type.Integer()), fc.dictionary(text, fc.maxSafeInteger())],
  ]
  test.each(cases)('%s', (_name, schema, values) => {
    const write = compileSerialiser(schema)
    fc.assert(
      fc.property(values, (value) => {
        // Compare through JSON, which does not keep -0.
        expect(JSON.parse(write(value))).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })

  test('exact numbers keep their digits', () => {
    const write = compileSerialiser(ExactNumber())
    fc.assert(
      fc.property(fc.bigInt(), fc.bigInt({ min: 0n }), (whole, fraction) => {
        const digits = `${whole}.${fraction}`
        expect(write(digits)).toBe(digits)
        expect(JSON.parse(write(digits))).toBe(Number(digits))
      }),
    )
  })
})
