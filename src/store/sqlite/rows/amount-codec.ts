import { assert } from '../../../core/assert.ts'
import { mustBeOurs } from './damaged-value.ts'

/** Encoded zero, the boundary between negative and positive amounts. */
export const ZERO = Buffer.from([0x80])

/** Longest magnitude that we store: sums of 256-bit amounts, with room for their carry. */
const MAX_BYTES = 40

/** Two hex digits of the length byte of a positive magnitude. */
const LENGTHS = Array.from({ length: MAX_BYTES + 1 }, (_, length) => (0x80 + length).toString(16))

/**
 * Bytes that sort as the integer does: a length byte, then the magnitude's big-endian digits without leading zeros. A
 * negative one has the length subtracted and the digits complemented, so that it sorts below zero.
 */
export function encodeAmount(amount: bigint): Buffer {
  if (amount === 0n) return ZERO
  if (amount < 0n) return encodeNegative(-amount)
  const hex = amount.toString(16)
  const even = (hex.length & 1) === 0 ? hex : `0${hex}`
  const length = LENGTHS[even.length >> 1]
  assert(length !== undefined, 'amount is longer than any sum can be')
  return Buffer.from(length + even, 'hex')
}

function encodeNegative(magnitude: bigint): Buffer {
  const bytes = encodeAmount(magnitude)
  for (let i = 0; i < bytes.length; i++) bytes[i] = i === 0 ? 0x100 - (bytes[i] ?? 0) : 0xff - (bytes[i] ?? 0)
  return bytes
}

/** The integer of bytes that `encodeAmount` made. */
export function decodeAmount(bytes: Buffer): bigint {
  const length = (bytes[0] ?? 0) - 0x80
  mustBeOurs(Math.abs(length) === bytes.length - 1, 'a stored amount has another length than it says')
  if (length === 0) return 0n
  if (length > 0) return BigInt(`0x${bytes.toString('hex', 1)}`)
  const complement = Buffer.from(bytes.subarray(1).map((byte) => 0xff - byte))
  return -BigInt(`0x${complement.toString('hex')}`)
}

/**
 * The integer of the hex text of bytes that `encodeAmount` made of one that is not negative: SQLite's `hex(amount)`. A
 * list's rows are read so, since a short text costs a tenth of a Buffer, which has memory of its own.
 */
export function decodeAmountHex(text: string): bigint {
  const digits = text.length - 2
  mustBeOurs(
    digits === 2 * (Number.parseInt(text.slice(0, 2), 16) - 0x80),
    'a stored amount has another length than it says',
  )
  return digits === 0 ? 0n : BigInt(`0x${text.slice(2)}`)
}

const NO_ITEM_BYTES = Buffer.alloc(0)

/** Bytes of an item: none for a fungible asset or a roll-up, else the id as an amount. */
export function encodeItem(item: string): Buffer {
  return item === '' ? NO_ITEM_BYTES : encodeAmount(BigInt(item))
}

/** The item of its bytes. */
export function decodeItem(bytes: Buffer): string {
  return bytes.length === 0 ? '' : decodeAmount(bytes).toString()
}
