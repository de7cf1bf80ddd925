import fc from 'fast-check'
import { keccak256, toHex } from 'viem'
import { expect, test } from 'vitest'
import { Bloom, loadBitsOf } from './bloom.ts'
import { checkBloom, EVENT_SIGNATURES, valuesIn } from './bloom-check.ts'
import { TRANSFER, TRANSFER_BATCH, TRANSFER_SINGLE } from './decode-log.ts'

const bitsOf = await loadBitsOf()

/** A bloom as a node builds it, by the definition of the Yellow Paper: a number of 2048 bits. */
function bloomOf(values: readonly string[]): string {
  let bloom = 0n
  for (const value of values) {
    const hash = keccak256(toHex(Buffer.from(value.slice(2), 'hex')))
    for (const at of [2, 6, 10]) bloom |= 1n << BigInt(Number.parseInt(hash.slice(at, at + 4), 16) & 2047)
  }
  return `0x${bloom.toString(16).padStart(512, '0')}`
}

const value = fc.uint8Array({ minLength: 20, maxLength: 32 }).map((bytes) => `0x${Buffer.from(bytes).toString('hex')}`)

test('a bloom never denies a value that it holds', () => {
  fc.assert(
    fc.property(fc.array(value, { maxLength: 300 }), (values) => {
      const bloom = new Bloom(bloomOf(values))
      expect(values.every((one) => bloom.mayHold(bitsOf(one)))).toBe(true)
    }),
    { numRuns: 30 },
  )
})

test('a bloom denies most values that it does not hold', () => {
  const held = Array.from({ length: 100 }, (_, at) => `0x${at.toString(16).padStart(64, '0')}`)
  const bloom = new Bloom(bloomOf(held))
  const others = Array.from({ length: 1_000 }, (_, at) => bitsOf(`0x${(at + 100).toString(16).padStart(64, '0')}`))
  expect(others.filter((bits) => bloom.mayHold(bits)).length).toBeLessThan(20)
  expect(bloom.fill).toBeCloseTo(0.136, 2)
})

test('the stored bits of the three events match their signatures', () => {
  expect(EVENT_SIGNATURES.map(({ bits }) => bits)).toEqual([TRANSFER, TRANSFER_SINGLE, TRANSFER_BATCH].map(bitsOf))
})

const ALL = { field: 'signature', values: EVENT_SIGNATURES } as const
const crowd = (count: number): string[] =>
  Array.from({ length: count }, (_, at) => `0x${(at + 7).toString(16).padStart(64, '0')}`)

test.each([
  { name: 'an empty bloom and no logs', values: [], seen: [], says: 'fine' },
  { name: 'only other values in the bloom and no logs', values: crowd(20), seen: [], says: 'fine' },
  { name: 'a transfer in the bloom and in the logs', values: [TRANSFER], seen: [TRANSFER], says: 'fine' },
  { name: 'a transfer in the bloom but not in the logs', values: [TRANSFER], seen: [], says: 'strong' },
  {
    name: 'another event in the bloom but not in the logs',
    values: [TRANSFER, TRANSFER_BATCH],
    seen: [TRANSFER],
    says: 'strong',
  },
  {
    name: 'the same among 250 other values',
    values: [...crowd(250), TRANSFER, TRANSFER_BATCH],
    seen: [TRANSFER],
    says: 'weak',
  },
  {
    name: 'the same among 900 other values',
    values: [...crowd(900), TRANSFER, TRANSFER_BATCH],
    seen: [TRANSFER],
    says: 'fine',
  },
  {
    name: 'a transfer among 900 other values and no logs',
    values: [...crowd(900), TRANSFER],
    seen: [],
    says: 'strong',
  },
  { name: 'a transfer in the logs but not in the bloom', values: [TRANSFER_BATCH], seen: [TRANSFER], says: 'unusable' },
])('$name: $says', ({ values, seen, says }) => {
  expect(checkBloom(bloomOf(values), ALL, new Set(seen))).toBe(says)
})

test('the values of logs are those of the field that the scope filters by', () => {
  const account = `0x${'a'.repeat(40)}`
  const log = { address: `0x${'C'.repeat(40)}`, topics: [TRANSFER, `0x${'0'.repeat(24)}${'A'.repeat(40)}`] }
  const seen = (index: 'signature' | 'address' | 'account') => [
    ...valuesIn([[log, null, 7], {}], { field: index, values: [] }),
  ]
  expect(seen('signature')).toEqual([TRANSFER])
  expect(seen('address')).toEqual([`0x${'c'.repeat(40)}`])
  expect(seen('account')).toEqual([account])
})
