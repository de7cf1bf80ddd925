import { assert } from '../core/assert.ts'
import { mustBeOurs } from './damaged-value.ts'

/** Encoded zero, the boundary between negative and positive amounts. */
const ZERO = Buffer.from([0x80])

/** The longest magnitude that is stored: sums of 256-bit amounts, with room for their carry. */
const MAX_BYTES = 40

/** The length byte of a positive magnitude as two hex digits, by length. */
const LENGTHS = Array.from({ length: MAX_BYTES + 1 }, (_, length) => (0x80 + length).toString(16))

/**
 * Encodes an integer as bytes that sort like the integer: a length byte, then the magnitude's big-endian digits without
 * leading zeros. For a negative integer the length is subtracted and the digits are complemented, so that it sorts
 * below zero.
 */
export function encodeAmount(amount: bigint): Buffer {
  if (amount === 0n) return ZERO
  if (amount < 0n) return encodeNegative(-amount)
  const hex = amount.toString(16)
  const even = (hex.length & 1) === 0 ? hex : `0${hex}`
  const length = LENGTHS[even.length >> 1]
  assert(length !== undefined, 'an amount is no longer than any sum can be')
  return Buffer.from(length + even, 'hex')
}

function encodeNegative(magnitude: bigint): Buffer {
  const bytes = encodeAmount(magnitude)
  for (let i = 0; i < bytes.length; i++) bytes[i] = i === 0 ? 0x100 - (bytes[i] ?? 0) : 0xff - (bytes[i] ?? 0)
  return bytes
}

/** The integer that `encodeAmount` encoded. @throws DamagedValue the length byte is wrong */
export function decodeAmount(bytes: Buffer): bigint {
  const length = (bytes[0] ?? 0) - 0x80
  mustBeOurs(Math.abs(length) === bytes.length - 1, 'a stored amount has another length than its first byte states')
  if (length === 0) return 0n
  if (length > 0) return BigInt(`0x${bytes.toString('hex', 1)}`)
  const complement = Buffer.from(bytes.subarray(1).map((byte) => 0xff - byte))
  return -BigInt(`0x${complement.toString('hex')}`)
}

/**
 * The integer that `encodeAmount` encoded, from the hex text of SQLite's `hex(amount)`. Only for amounts that are not
 * negative. The rows of lists are read this way: a short text costs a tenth of a Buffer, which has memory of its own.
 * @throws DamagedValue the length byte is wrong
 */
export function decodeAmountHex(text: string): bigint {
  const digits = text.length - 2
  mustBeOurs(
    digits === 2 * (Number.parseInt(text.slice(0, 2), 16) - 0x80),
    'a stored amount has another length than its first byte states',
  )
  return digits === 0 ? 0n : BigInt(`0x${text.slice(2)}`)
}

/** As `decodeAmountHex`, of a nullable column. SQLite's hex(NULL) is the empty text, which no amount is. */
export function amountOfHex(text: string): bigint | undefined {
  return text === '' ? undefined : decodeAmountHex(text)
}

const NO_ITEM_BYTES = Buffer.alloc(0)

/** Encodes an item: no bytes for a fungible asset or a roll-up, else the id as an amount. */
export function encodeItem(item: string): Buffer {
  return item === '' ? NO_ITEM_BYTES : encodeAmount(BigInt(item))
}

/** The item that `encodeItem` encoded. */
export function decodeItem(bytes: Buffer): string {
  return bytes.length === 0 ? '' : decodeAmount(bytes).toString()
}
