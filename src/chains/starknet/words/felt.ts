import { ServiceError } from '../../../core/errors.ts'

/**
 * The order of Starknet's field: 2^251 + 17 * 2^192 + 1. Every felt is below it.
 * Source: https://docs.starknet.io/learn/protocol/cryptography
 */
export const FIELD_PRIME = 2n ** 251n + 17n * 2n ** 192n + 1n

/** A limb of a u256 is below this. */
export const LIMB_END = 2n ** 128n

/** `0x0000…0000`, the sender of mints and the receiver of burns. */
export const ZERO_ADDRESS = `0x${'0'.repeat(64)}`

/** Hex digits of a canonical address. */
const ADDRESS_DIGITS = 64
/** Hex digits of a limb, at most. */
const LIMB_DIGITS = 32
/** Longest decimal text of a number below 2^256. */
const MAX_ITEM_DIGITS = 78

const HEX = /^0[xX]0*([0-9a-fA-F]{1,64})$/
/** The spelling that nodes should use: no leading zeros, lower case. */
const MINIMAL = /^0x(?:0|[1-9a-f][0-9a-f]{0,62})$/
const PRIME_DIGITS = FIELD_PRIME.toString(16).padStart(ADDRESS_DIGITS, '0')

/** The significant hex digits of a felt in any spelling, lower case, `0` for zero; undefined if it is no felt. */
function digitsOf(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined
  const digits = MINIMAL.test(value) ? value.slice(2) : HEX.exec(value)?.[1]?.toLowerCase()
  // Hex texts of equal length sort as their numbers.
  if (digits === undefined || (digits.length > 62 && digits.padStart(ADDRESS_DIGITS, '0') >= PRIME_DIGITS)) {
    return undefined
  }
  return digits
}

/** Parses a felt in any spelling: letter case and leading zeros do not matter. Undefined at the prime or above. */
export function parseFelt(value: unknown): bigint | undefined {
  const digits = digitsOf(value)
  return digits === undefined ? undefined : BigInt(`0x${digits}`)
}

/** The felt as nodes expect it: `0x` and lower-case hex without leading zeros; `0x0`. Undefined if it is no felt. */
export function minimalFelt(value: unknown): string | undefined {
  const digits = digitsOf(value)
  return digits === undefined ? undefined : `0x${digits}`
}

/** The canonical hash of a block or a transaction: a minimal felt. Undefined if it is no felt, or zero. */
export function parseHash(value: unknown): string | undefined {
  const hash = minimalFelt(value)
  return hash === '0x0' ? undefined : hash
}

/** The canonical address (`0x` + 64 lower-case digits) of text in any usual form, or undefined. */
export function parseAddress(text: unknown): string | undefined {
  const digits = digitsOf(text)
  return digits === undefined ? undefined : `0x${digits.padStart(ADDRESS_DIGITS, '0')}`
}

/** A number from 0 to below the prime as a felt for nodes. */
export function feltOf(value: bigint | number): string {
  return `0x${value.toString(16)}`
}

/** Parses a limb of a u256: a felt below 2^128. */
export function parseLimb(value: unknown): bigint | undefined {
  if (value === '0x0') return 0n
  const digits = digitsOf(value)
  return digits === undefined || digits.length > LIMB_DIGITS ? undefined : BigInt(`0x${digits}`)
}

/** The u256 of its two felts, the low one first; undefined if a limb is 2^128 or more, or no felt. */
export function u256Of(low: unknown, high: unknown): bigint | undefined {
  const [lowLimb, highLimb] = [parseLimb(low), parseLimb(high)]
  if (lowLimb === undefined || highLimb === undefined) return undefined
  return highLimb === 0n ? lowLimb : (highLimb << 128n) + lowLimb
}

/** The two felts of a u256 for a call's data, the low one first. `value` is from 0 to 2^256-1. */
export function u256Felts(value: bigint): readonly [string, string] {
  return [feltOf(value % LIMB_END), feltOf(value / LIMB_END)]
}

/** Parses an item's id (decimal text); undefined if it is invalid or over 256 bits. */
export function parseItem(item: string): bigint | undefined {
  if (item.length > MAX_ITEM_DIGITS || !/^\d+$/.test(item)) return undefined
  const id = BigInt(item)
  return id < LIMB_END ** 2n ? id : undefined
}

/** Bytes of a short string, at most: one felt holds them. */
export const SHORT_STRING_BYTES = 31

/** The bytes of a short string: big-endian, without leading zeros. Undefined if the felt has more than 31 bytes. */
export function shortStringBytes(felt: bigint): Buffer | undefined {
  if (felt === 0n) return Buffer.alloc(0)
  const hex = felt.toString(16)
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
  return bytes.length > SHORT_STRING_BYTES ? undefined : bytes
}

/** Parses a number that JSON-RPC sends as a JSON integer; some nodes send hex. Undefined if it is not exact. */
export function parseNumber(value: unknown): number | undefined {
  const number = typeof value === 'string' ? Number(parseFelt(value) ?? Number.NaN) : value
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : undefined
}

/** The error of an invalid answer. */
export function garbage(what: string, fields: Readonly<Record<string, string | number>> = {}): ServiceError {
  return new ServiceError('NODE_GARBAGE', `The node answered ${what}`, { fields })
}
