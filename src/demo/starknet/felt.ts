import { createHash } from 'node:crypto'
import { keccak256, stringToBytes } from 'viem/utils'
import { assert } from '../../core/assert.ts'

/** Starknet's field prime (https://docs.starknet.io/build/quickstart/environment-setup, "felt252"). */
export const PRIME = 2n ** 251n + 17n * 2n ** 192n + 1n

/** A field element as nodes write it: `0x` and lower-case hex digits without leading zeros. */
export type Felt = string

/** The address that mints come from and burns go to. */
export const ZERO: Felt = '0x0'

const SPELLING = /^0x[0-9a-f]{1,64}$/i
const LIMB_BITS = 128n
const LIMB_MASK = 2n ** LIMB_BITS - 1n
/** Characters of a short string, and bytes of a word of a ByteArray. */
export const WORD_BYTES = 31

/** A number as a felt. It must be below the prime. */
export function feltOf(value: bigint | number): Felt {
  const number = BigInt(value)
  assert(number >= 0n && number < PRIME, 'a felt is below the prime')
  return `0x${number.toString(16)}`
}

/** A felt in its one spelling, from any spelling: padded or not, upper or lower case. Undefined if it is none. */
export function parseFelt(text: unknown): Felt | undefined {
  if (typeof text !== 'string' || !SPELLING.test(text)) return undefined
  const value = BigInt(text)
  return value < PRIME ? feltOf(value) : undefined
}

/** An address as wallets show it: with 64 digits. */
export function padded(address: Felt): string {
  return `0x${address.slice(2).padStart(64, '0')}`
}

/** A felt that looks like a hash, the same for the same text. */
export function feltDigest(text: string): Felt {
  return feltOf(BigInt(`0x${createHash('sha256').update(text).digest('hex')}`) % PRIME)
}

/** The selector of a function or an event: Keccak-256 of its name, without the upper 6 bits. */
export function selectorOf(name: string): Felt {
  return feltOf(BigInt(keccak256(stringToBytes(name))) & (2n ** 250n - 1n))
}

/** A text of at most 31 bytes as one felt. */
export function shortString(text: string): Felt {
  const bytes = Buffer.from(text, 'utf8')
  assert(bytes.length <= WORD_BYTES, 'a short string has at most 31 bytes')
  return feltOf(bytes.length === 0 ? 0n : BigInt(`0x${bytes.toString('hex')}`))
}

/** A u256 as two felts: its lower and its upper 128 bits. */
export function u256(value: bigint): readonly [low: Felt, high: Felt] {
  return [feltOf(value & LIMB_MASK), feltOf(value >> LIMB_BITS)]
}

/** The u256 of two felts. A limb that is absent counts as 0. */
export function u256From(low: Felt | undefined, high: Felt | undefined): bigint {
  return BigInt(low ?? ZERO) | (BigInt(high ?? ZERO) << LIMB_BITS)
}
