import fc from 'fast-check'
import { multicall3Abi } from 'viem'
import { encodeFunctionData, encodeFunctionResult } from 'viem/utils'
import { expect, test } from 'vitest'
import { decodeAggregate3, encodeAggregate3 } from './multicall.ts'

const hex = (bytes: Uint8Array): `0x${string}` => `0x${Buffer.from(bytes).toString('hex')}`
const bytes = fc.uint8Array({ maxLength: 100 }).map(hex)
const address = fc.uint8Array({ minLength: 20, maxLength: 20 }).map(hex)

test('calls are encoded as viem encodes them', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ target: address, data: bytes }), { maxLength: 8 }), (calls) => {
      const args = [calls.map(({ target, data }) => ({ target, allowFailure: true, callData: data }))] as const
      expect(encodeAggregate3(calls)).toBe(encodeFunctionData({ abi: multicall3Abi, functionName: 'aggregate3', args }))
    }),
  )
})

test('results are decoded as viem encodes them', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ success: fc.boolean(), data: bytes }), { maxLength: 8 }), (results) => {
      const result = results.map(({ success, data }) => ({ success, returnData: data }))
      const answer = encodeFunctionResult({ abi: multicall3Abi, functionName: 'aggregate3', result })
      expect(decodeAggregate3(answer, results.length)).toEqual(results)
      expect(decodeAggregate3(answer, results.length + 1)).toBeUndefined()
      if (results.length > 0) expect(decodeAggregate3(answer.slice(0, 200), results.length)).toBeUndefined()
    }),
  )
})

test('an answer of another contract at the address is decoded without an error', () => {
  const words = fc.array(fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }), fc.constantFrom(0n, 1n, 32n, 64n)))
  fc.assert(
    fc.property(words, fc.integer({ min: 1, max: 5 }), (all, count) => {
      const answer = `0x${all.map((word) => word.toString(16).padStart(64, '0')).join('')}`
      const results = decodeAggregate3(answer, count)
      expect(results === undefined || results.length === count).toBe(true)
    }),
  )
  expect(decodeAggregate3('0x', 1)).toBeUndefined()
})
