import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeHash, encodeHash } from './hash-codec.ts'

const digits = (length: number): string => `0x${'9c'.repeat(32).slice(0, length)}`

test('a hash of any length comes back as it was', () => {
  for (let length = 1; length <= 64; length++) {
    expect(decodeHash(encodeHash(digits(length)))).toBe(digits(length))
    expect(decodeHash(encodeHash('h'.repeat(length)))).toBe('h'.repeat(length))
  }
  for (const hash of ['', '0x', '0x0', '0x00', '0x01', '0xZZ', `0x${'0'.repeat(64)}`, `0x${'0'.repeat(61)}a`]) {
    expect(decodeHash(encodeHash(hash))).toBe(hash)
  }
})

test('different hashes have different bytes', () => {
  const hash = fc.oneof(
    fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), maxLength: 64 }).map((text) => `0x${text}`),
    fc.string({ unit: fc.constantFrom(...'0x1hi'), maxLength: 40 }),
  )
  fc.assert(
    fc.property(hash, hash, (one, other) => {
      expect(decodeHash(encodeHash(one))).toBe(one)
      expect(encodeHash(one).equals(encodeHash(other))).toBe(one === other)
    }),
  )
})

test('an EVM hash takes 32 bytes, and a Starknet hash of 63 digits 33', () => {
  expect([encodeHash(digits(64)).length, encodeHash(digits(63)).length]).toEqual([32, 33])
})
