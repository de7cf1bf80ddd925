import { describe, expect, test } from 'vitest'
import { recording } from '../../../../test/starknet/recordings.ts'
import { assert } from '../../../core/assert.ts'
import { isRecord } from '../../../core/is-record.ts'
import { parseFelt } from './felt.ts'
import { textBytes } from './texts.ts'

function vectors(): readonly { readonly text: string; readonly felts: readonly bigint[] }[] {
  const file = recording('bytearray-vectors.json')
  assert(isRecord(file) && Array.isArray(file.bytearrays), 'the file has vectors')
  return file.bytearrays.map((one: unknown) => {
    assert(isRecord(one) && Array.isArray(one.felts), 'a vector has felts')
    return { text: String(one.text), felts: one.felts.map((felt: unknown) => parseFelt(felt) ?? -1n) }
  })
}

const text = (felts: readonly bigint[]): string | undefined => textBytes(felts)?.toString()
const WORD = BigInt(`0x${Buffer.from('1234567890123456789012345678901').toString('hex')}`)

describe('a text', () => {
  test.each(vectors())("of Cairo's own compiler: $text", ({ text: expected, felts }) => {
    expect(text(felts)).toBe(expected)
  })

  test.each<[string, readonly bigint[], string]>([
    ['one short string', [0x4574686572n], 'Ether'],
    ['an empty short string', [0n], ''],
    ['an array of one', [1n, 0x455448n], 'ETH'],
    ['an array of two', [2n, 0x4142n, 0x43n], 'ABC'],
    ['a ByteArray that begins with zero bytes', [0n, 0x41n, 3n], '\0\0A'],
  ])('as %s', (_, felts, expected) => {
    expect(text(felts)).toBe(expected)
  })

  test.each<[string, readonly bigint[]]>([
    ['nothing', []],
    ['a felt of 32 bytes', [2n ** 248n]],
    ['an array of a wrong length', [3n, 0x41n, 0x42n]],
    ['an array with a long element', [1n, 2n ** 248n]],
    ['a ByteArray with a long word', [1n, 2n ** 248n, 0n, 0n]],
    ['a ByteArray with a rest of 31 bytes', [0n, WORD, 31n]],
    ['a ByteArray with a rest longer than it says', [0n, 0x4142n, 1n]],
    ['a ByteArray with a huge length', [0n, 0x41n, 2n ** 250n]],
    ['a ByteArray with a huge number of words', [2n ** 250n, 0x41n, 1n]],
  ])('is not %s', (_, felts) => {
    expect(textBytes(felts)).toBeUndefined()
  })
})
