import { assert } from '../../core/assert.ts'
import type { RecordForm } from './sorted-records.ts'

/**
 * One side of a transfer, or a hint, between the pass over the raw log and the sweep:
 *
 *     length u8 | account, asset u32, item key | block u40, log u32 | flags u8 | sub u32 if flagged | digits of the amount
 *
 * Numbers are big-endian, so that the bytes behind the key never decrease among the records of one key. An item's key is a
 * zero byte if there is no item, else the item as encoded, which begins with its own length.
 */
export const SENT = 1
/** Flag: the account received. */
export const RECEIVED = 2
/** Flag: the record has a sub. */
export const HAS_SUB = 4
/** Flag: an event that is no transfer hints at the balance. */
export const HINTED = 8
/** Flag, beside HINTED: the event is a transfer that cannot be decoded. */
export const UNDECODABLE = 16

/** Bytes before the key. */
export const KEY_AT = 1
const ASSET_BYTES = 4
/** Bytes of a block and a log. */
const BLOCK_BYTES = 5
const LOG_BYTES = 4
const MAX_BLOCK = 2 ** (8 * BLOCK_BYTES) - 1
/** Account lengths that leave room for all else in the length byte. */
export const MAX_ACCOUNT_BYTES = 96
const MAX_ITEM_BYTES = 41

/** Where the parts of a change record are, for accounts of one length. */
export class ChangeForm implements RecordForm {
  readonly head = KEY_AT
  readonly accountBytes: number
  readonly #itemAt: number

  constructor(accountBytes: number) {
    assert(accountBytes > 0 && accountBytes <= MAX_ACCOUNT_BYTES, 'accounts have a length that a change can hold')
    this.accountBytes = accountBytes
    this.#itemAt = KEY_AT + accountBytes + ASSET_BYTES
  }

  readonly keyLength = (buffer: Buffer, at: number): number =>
    this.accountBytes + ASSET_BYTES + itemKeyLength(buffer, at + this.#itemAt)

  readonly length = (buffer: Buffer, at: number): number => buffer[at] ?? 0

  assetAt(at: number): number {
    return at + KEY_AT + this.accountBytes
  }

  itemAt(at: number): number {
    return at + this.#itemAt
  }
}

/** Bytes of the item key at a position. */
export function itemKeyLength(buffer: Buffer, at: number): number {
  const first = buffer[at] ?? 0
  return first === 0 ? 1 : first - 0x80 + 1
}

/** Reads a block's number. */
export function readBlock(buffer: Buffer, at: number): number {
  return (buffer[at] ?? 0) * 0x1_0000_0000 + buffer.readUInt32BE(at + 1)
}

/** Writes a block's number. Returns the position behind it. */
export function writeBlock(buffer: Buffer, at: number, block: number): number {
  assert(block <= MAX_BLOCK, 'a block number fits five bytes')
  buffer[at] = Math.floor(block / 0x1_0000_0000)
  return buffer.writeUInt32BE(block % 0x1_0000_0000, at + 1)
}

/** Bytes of a record without its account, item key, sub and digits. */
export const FIXED_BYTES = KEY_AT + ASSET_BYTES + BLOCK_BYTES + LOG_BYTES + 1
/** Bytes of a sub. */
export const SUB_BYTES = 4
/** Where the log is, from the key's end on. */
export const LOG_BEHIND_KEY = BLOCK_BYTES
/** Where the flags are, from the key's end on. */
export const FLAGS_BEHIND_KEY = BLOCK_BYTES + LOG_BYTES

/** Most bytes of a record. */
export const MAX_CHANGE_BYTES = FIXED_BYTES + MAX_ACCOUNT_BYTES + MAX_ITEM_BYTES + SUB_BYTES + 40
