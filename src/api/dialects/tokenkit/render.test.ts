import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { rowId } from './render.ts'

function digestOf(text: string): bigint {
  return createHash('sha256').update(text).digest().readBigUInt64BE(0) >> 11n
}

test('the id of a row is the sum of the first 53 bits of the SHA-256 of its account and of its token', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (account, token) => {
      const sum = digestOf(`account|eip155:1|${account}`) + digestOf(`token|eip155:1|${token}`)
      expect(rowId('eip155:1', account, token)).toBe(Number(sum % 2n ** 53n))
    }),
  )
})

test('two contracts that hold each other have rows of different ids', () => {
  expect(rowId('eip155:1', '0x1', '0x2')).not.toBe(rowId('eip155:1', '0x2', '0x1'))
})
