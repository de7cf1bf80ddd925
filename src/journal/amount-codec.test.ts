import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MAX_AMOUNT } from '../core/amount.ts'
import { decodeAmount, decodeAmountHex, decodeItem, encodeAmount, encodeItem } from './amount-codec.ts'

const sums = fc.bigInt({ min: -MAX_AMOUNT * 1000n, max: MAX_AMOUNT * 1000n })

test('an amount survives encoding and decoding', () => {
  fc.assert(fc.property(sums, (amount) => decodeAmount(encodeAmount(amount)) === amount))
  for (const edge of [0n, 1n, -1n, 255n, 256n, -255n, -256n, MAX_AMOUNT, -MAX_AMOUNT]) {
    expect(decodeAmount(encodeAmount(edge))).toBe(edge)
  }
})

test('the bytes sort like the amounts', () => {
  fc.assert(
    fc.property(sums, sums, (a, b) => {
      const order = a < b ? -1 : a > b ? 1 : 0
      expect(Buffer.compare(encodeAmount(a), encodeAmount(b))).toBe(order)
    }),
  )
})

test('small amounts take few bytes, and no item takes none', () => {
  expect(encodeAmount(0n)).toEqual(Buffer.from('80', 'hex'))
  expect(encodeAmount(1n)).toEqual(Buffer.from('8101', 'hex'))
  expect(encodeAmount(256n)).toEqual(Buffer.from('820100', 'hex'))
  expect(encodeItem('')).toHaveLength(0)
  expect(decodeItem(encodeItem('0'))).toBe('0')
  expect(decodeItem(encodeItem(MAX_AMOUNT.toString()))).toBe(MAX_AMOUNT.toString())
})

test('an amount survives encoding and decoding as hex text', () => {
  const amounts = fc.bigInt({ min: 0n, max: MAX_AMOUNT * 1000n })
  const hex = (amount: bigint): string => encodeAmount(amount).toString('hex').toUpperCase()
  fc.assert(fc.property(amounts, (amount) => decodeAmountHex(hex(amount)) === amount))
  for (const edge of [0n, 1n, 255n, 256n, MAX_AMOUNT]) expect(decodeAmountHex(hex(edge))).toBe(edge)
  for (const damaged of ['', '8201', '80FF', '7FFE', 'XX'])
    expect(() => decodeAmountHex(damaged)).toThrow('has another length')
})

test('damaged bytes throw, and are never read as a number', () => {
  expect(() => decodeAmount(Buffer.from('8201', 'hex'))).toThrow('has another length')
  expect(() => decodeAmount(Buffer.alloc(0))).toThrow('has another length')
})
