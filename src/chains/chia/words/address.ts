import { bech32m } from '@scure/base'
import { assert } from '../../../core/assert.ts'
import type { Hex } from './hex.ts'

/** Both prefixes are taken on every network: the puzzle hash alone counts. */
const PREFIXES = ['xch', 'txch']
const CANONICAL_PREFIX = 'xch'
const TOKEN_PREFIX = 'tkn'
const BYTES = 32

/** Returns the canonical address of text in bech32m (https://chialisp.com/conditions, CHIP-0002); undefined if it is none. */
export function parseAddress(text: string): string | undefined {
  const puzzleHash = decode(text, PREFIXES)
  return puzzleHash && addressOf(puzzleHash)
}

/** The puzzle hash of a canonical address. */
export function puzzleHashOf(address: string): Hex {
  const puzzleHash = decode(address, [CANONICAL_PREFIX])
  assert(puzzleHash !== undefined, 'an account of a Chia chain is a canonical address')
  return puzzleHash
}

/** The canonical address of a puzzle hash. */
export function addressOf(puzzleHash: Hex): string {
  return encode(CANONICAL_PREFIX, puzzleHash)
}

/** A TAIL hash as explorers write it. */
export function tokenIdOf(tail: Hex): string {
  return encode(TOKEN_PREFIX, tail)
}

/** Returns the TAIL hash of a token id as explorers write it; undefined if it is none. */
export function parseTokenId(text: string): Hex | undefined {
  return decode(text, [TOKEN_PREFIX])
}

function encode(prefix: string, bytes: Hex): string {
  return bech32m.encode(prefix, bech32m.toWords(Buffer.from(bytes, 'hex')))
}

function decode(text: string, prefixes: readonly string[]): Hex | undefined {
  const decoded = bech32m.decodeUnsafe(text)
  if (decoded === undefined || !prefixes.includes(decoded.prefix)) return undefined
  const bytes = bech32m.fromWordsUnsafe(decoded.words)
  return bytes?.length === BYTES ? Buffer.from(bytes).toString('hex') : undefined
}
