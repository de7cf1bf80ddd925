import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  add,
  compare,
  format,
  formatDecimal,
  isAmount,
  MAX_AMOUNT,
  parse,
  parseDecimal,
  product,
  quotient,
} from './amount.ts'

const amounts = fc.bigInt({ min: 0n, max: MAX_AMOUNT })
const decimals = fc.integer({ min: 0, max: 255 })

describe('format', () => {
  test.each([
    [0n, 18, '0'],
    [1_500_000n, 6, '1.5'],
    [1n, 18, '0.000000000000000001'],
    [-5n, 1, '-0.5'],
    [100n, 0, '100'],
    [100n, 2, '1'],
    [MAX_AMOUNT, 0, MAX_AMOUNT.toString()],
    [1n, 255, `0.${'0'.repeat(254)}1`],
  ])('%s with %s decimals is %s', (amount, places, text) => {
    expect(format(amount, places)).toBe(text)
  })

  test('decimals that no token can have are a bug', () => {
    expect(() => format(1n, -1)).toThrow('decimals out of range')
    expect(() => format(1n, 256)).toThrow('decimals out of range')
    expect(() => format(1n, 1.5)).toThrow('decimals out of range')
  })

  test('formatted amounts parse back to the last digit', () => {
    fc.assert(fc.property(amounts, decimals, (amount, places) => parse(format(amount, places), places) === amount))
  })
})

test.each(['', '.', '1.', '.5', '1e9', '+5', ' 1', '1 ', '0x1', '1,5', 'NaN', '١', '-', '1.2.3', '9'.repeat(401)])(
  'parse rejects %j',
  (text) => {
    expect(parse(text, 18)).toBeUndefined()
    expect(parseDecimal(text)).toBeUndefined()
  },
)

test('parse rejects more places than the decimals, but not trailing zeros', () => {
  expect(parse('1.001', 2)).toBeUndefined()
  expect(parse('1.000', 2)).toBe(100n)
})

test('a product with a price is exact at any length', () => {
  const price = parseDecimal('1.0001')
  if (price === undefined) throw new Error('1.0001 is a decimal')
  expect(formatDecimal(product(1_500_000n, 6, price))).toBe('1.50015')
  expect(formatDecimal(product(0n, 6, price))).toBe('0')
  expect(formatDecimal(product(1n, 255, price))).toBe(`0.${'0'.repeat(254)}10001`)
  expect(formatDecimal(product(10n ** 255n, 255, price))).toBe('1.0001')
  fc.assert(
    fc.property(amounts, decimals, fc.bigInt({ min: 0n, max: 10n ** 30n }), (amount, places, units) => {
      const [whole = '', fraction = ''] = formatDecimal(product(amount, places, { units, places: 9 })).split('.')
      const scaled = BigInt(whole + fraction.padEnd(places + 9, '0'))
      expect(scaled).toBe(amount * units)
    }),
  )
})

const decimal = fc.record({
  units: fc.bigInt({ min: -(10n ** 90n), max: 10n ** 90n }),
  places: fc.integer({ min: 0, max: 300 }),
})

test('sums and comparisons of decimals are exact', () => {
  expect(add({ units: 1n, places: 1 }, { units: 2n, places: 1 })).toEqual({ units: 3n, places: 1 })
  expect(formatDecimal(add({ units: 1n, places: 0 }, { units: -1n, places: 300 }))).toBe(`0.${'9'.repeat(300)}`)
  expect(formatDecimal({ units: -1n, places: 300 })).toBe(`-0.${'0'.repeat(299)}1`)
  expect(compare({ units: 10n, places: 1 }, { units: 1n, places: 0 })).toBe(0)
  fc.assert(
    fc.property(decimal, decimal, (a, b) => {
      const scaled = ({ units, places }: typeof a) => units * 10n ** BigInt(300 - places)
      expect(scaled(add(a, b))).toBe(scaled(a) + scaled(b))
      expect(compare(a, b)).toBe(Number(scaled(a) > scaled(b)) - Number(scaled(a) < scaled(b)))
      expect(parseDecimal(formatDecimal(a)) ?? a).toSatisfy((back: typeof a) => compare(back, a) === 0)
    }),
  )
})

test('a quotient is cut at its places, towards zero', () => {
  const two = { units: 2n, places: 0 }
  expect(quotient({ units: 1n, places: 0 }, { units: 3n, places: 0 }, 5)).toEqual({ units: 33_333n, places: 5 })
  expect(quotient({ units: -1n, places: 0 }, { units: 3n, places: 0 }, 2)).toEqual({ units: -33n, places: 2 })
  expect(quotient({ units: 25n, places: 3 }, { units: 125n, places: 1 }, 4)).toEqual({ units: 20n, places: 4 })
  expect(quotient(two, { units: 0n, places: 4 }, 2)).toBeUndefined()
  fc.assert(
    fc.property(decimal, decimal, fc.integer({ min: 0, max: 30 }), (a, b, places) => {
      const found = quotient(a, b, places)
      if (b.units === 0n) return found === undefined
      const back = product(found?.units ?? 0n, places, b)
      const unit = { units: b.units < 0n ? -b.units : b.units, places: b.places + places }
      const rest = add(a, { ...back, units: -back.units })
      expect(compare({ ...rest, units: rest.units < 0n ? -rest.units : rest.units }, unit)).toBeLessThan(0)
      return rest.units === 0n || rest.units < 0n === a.units < 0n
    }),
  )
})

test('the range of amounts', () => {
  expect([-1n, 0n, MAX_AMOUNT, MAX_AMOUNT + 1n].map(isAmount)).toEqual([false, true, true, false])
})
