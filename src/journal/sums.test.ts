import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isAmount, MAX_AMOUNT } from '../core/amount.ts'
import { encodeAmount } from './amount-codec.ts'
import { MAX_SUM_BYTES, Sums } from './sums.ts'

const amount = fc.oneof(
  fc.bigInt({ min: 0n, max: MAX_AMOUNT }),
  fc.bigInt({ min: 0n, max: 300n }),
  fc.constantFrom(MAX_AMOUNT, 1n << 32n, (1n << 32n) - 1n, 1n << 64n, 1n << 255n),
)

test('sums are those of bigints after each change, as they are stored', () => {
  const change = fc.record({ amount, isAdded: fc.boolean(), index: fc.integer({ min: 0, max: 3 }) })
  fc.assert(
    fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
      const sums = new Sums()
      const to = Buffer.alloc(MAX_SUM_BYTES)
      const expected = [0n, 0n, 0n, 0n]
      for (const { amount, isAdded, index } of changes) {
        const bytes = encodeAmount(amount)
        const sum = (expected[index] ?? 0n) + (isAdded ? amount : -amount)
        expected[index] = sum
        sums.select(index)
        if (isAdded) sums.add(bytes, 1, bytes.length)
        else sums.subtract(bytes, 1, bytes.length)
        expect(to.subarray(0, sums.encode(to)).toString('hex')).toBe(encodeAmount(sum).toString('hex'))
        expect([sums.isNegative(), sums.isAmount()]).toEqual([sum < 0n, isAmount(sum)])
      }
    }),
  )
})
