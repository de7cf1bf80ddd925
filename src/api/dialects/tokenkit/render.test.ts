import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { rowId } from './render.ts'

test('the id of a row is the first 53 bits of the SHA-256 of chain, account and token', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (account, token) => {
      const digest = createHash('sha256').update(`eip155:1|${account}|${token}`).digest()
      expect(rowId('eip155:1', account, token)).toBe(Number(digest.readBigUInt64BE(0) >> 11n))
    }),
  )
})
