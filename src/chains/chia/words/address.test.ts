import { bech32, bech32m } from '@scure/base'
import { describe, expect, test } from 'vitest'
import { addressOf, parseAddress, parseTokenId, puzzleHashOf, tokenIdOf } from './address.ts'

const ADDRESS = 'xch1a6cd558gqsz2hch5pt0l8mx7zhavf32q5lyde09zjtqcmkelr9ns59k0j8'
const PUZZLE_HASH = 'eeb0da50e80404abe2f40adff3ecde15fac4c540a7c8dcbca292c18ddb3f1967'
const TAIL = '14b40962dfef81d954ac0d92b51ec21ce7acd8c62dd9fef9303aa51c615cb495'
const TOKEN_ID = 'tkn1zj6qjckla7qaj49vpkft28kzrnn6ekxx9hvla7fs82j3cc2ukj2ssa84km'

const words = (bytes: number): number[] => bech32m.toWords(new Uint8Array(bytes).fill(7))

test('an address is a puzzle hash, and a token id a TAIL hash', () => {
  expect(puzzleHashOf(ADDRESS)).toBe(PUZZLE_HASH)
  expect(addressOf(PUZZLE_HASH)).toBe(ADDRESS)
  expect(tokenIdOf(TAIL)).toBe(TOKEN_ID)
  expect(parseTokenId(TOKEN_ID)).toBe(TAIL)
})

test('the prefix of another network and upper case mean the same account', () => {
  const onTestnet = bech32m.encode('txch', bech32m.toWords(Buffer.from(PUZZLE_HASH, 'hex')))
  expect(parseAddress(onTestnet)).toBe(ADDRESS)
  expect(parseAddress(ADDRESS.toUpperCase())).toBe(ADDRESS)
})

describe('what is no address', () => {
  test.each([
    ['a wrong checksum', `${ADDRESS.slice(0, -1)}9`],
    ['bech32 instead of bech32m', bech32.encode('xch', words(32))],
    ['mixed case', `X${ADDRESS.slice(1)}`],
    ['another prefix', TOKEN_ID],
    ['31 bytes', bech32m.encode('xch', words(31))],
    ['33 bytes', bech32m.encode('xch', words(33))],
    ['text', 'xch1'],
    ['a puzzle hash', PUZZLE_HASH],
    ['nothing', ''],
    ['much text', 'x'.repeat(100_000)],
  ])('%s', (_, text) => {
    expect(parseAddress(text)).toBeUndefined()
  })
})
