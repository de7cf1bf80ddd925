import type { AccountCodec } from '../../core/account.ts'
import { assert } from '../../core/assert.ts'
import type { BlockTransfers, Hint, Transfer } from '../../core/transfer.ts'
import { encodeAmount, encodeItem } from '../../journal/amount-codec.ts'
import { encodeHash } from '../../journal/hash-codec.ts'
import { AssetDictionary } from './asset-dictionary.ts'
import {
  ASSET_AT,
  BLOCK,
  BLOCK_HEAD,
  EVENT_AT,
  HINT,
  HINT_HEAD,
  LENGTH_AT,
  MAX_PLACE,
  MAX_RECORD,
  NUMBER_AT,
  PART_AT,
  REASONS,
  TIMESTAMP_AT,
  TRANSFER,
  TRANSFER_HEAD,
} from './record-layout.ts'

const FIRST_BYTES = 64 * 1024
const NO_BYTES = Buffer.alloc(0)

/** A block, encoded. `parent`: no bytes if it is not known. */
export type PackedBlock = {
  readonly number: number
  readonly timestamp: number
  readonly hash: Uint8Array
  readonly parent: Uint8Array
}

/** A transfer, encoded. `asset`: its index in the dictionary. `from`, `to`: no bytes for a mint or a burn. */
export type PackedTransfer = {
  readonly asset: number
  readonly event: number
  readonly part: number
  readonly from: Uint8Array
  readonly to: Uint8Array
  readonly hash: Uint8Array
  readonly item: Uint8Array
  readonly amount: Uint8Array
}

/** A hint, encoded. `asset`: its index in the dictionary. */
export type PackedHint = {
  readonly asset: number
  readonly account: Uint8Array
  readonly item: Uint8Array
  readonly reason: Hint['reason']
}

/**
 * Blocks with transfers as records, in order: the content of a part of the raw log. `assets` is the dictionary of these
 * records alone. What writes records itself takes room with `reserve`, and adds to `length` and to the counts.
 */
export class PackedBlocks {
  readonly assets = new AssetDictionary()
  buffer = Buffer.allocUnsafeSlow(FIRST_BYTES)
  length = 0
  blocks = 0
  transfers = 0
  hints = 0

  /** Makes room for this many bytes after `length`. */
  reserve(bytes: number): void {
    if (this.length + bytes <= this.buffer.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.buffer.length, this.length + bytes))
    this.buffer.copy(larger, 0, 0, this.length)
    this.buffer = larger
  }

  /** Removes all blocks and keeps the memory. */
  clear(): void {
    this.assets.clear()
    this.length = 0
    this.blocks = 0
    this.transfers = 0
    this.hints = 0
  }

  /** Adds a block with its transfers and hints. */
  add(block: BlockTransfers, codec: AccountCodec): void {
    this.addBlock(block)
    for (const transfer of block.transfers) this.#addTransfer(transfer, codec)
    for (const hint of block.hints ?? []) this.addHint(hint, codec)
  }

  /** Adds a block's own record. The records of its transfers must follow. */
  addBlock({ number, timestamp, hash, parentHash }: Omit<BlockTransfers, 'transfers' | 'hints'>): void {
    const parent = parentHash === undefined ? NO_BYTES : encodeHash(parentHash)
    this.putBlock({ number, timestamp, hash: encodeHash(hash), parent })
  }

  #addTransfer({ asset, event, part, from, to, ...transfer }: Transfer, codec: AccountCodec): void {
    this.putTransfer({
      asset: this.assets.indexOf(asset),
      event,
      part,
      from: from === undefined ? NO_BYTES : codec.encode(from),
      to: to === undefined ? NO_BYTES : codec.encode(to),
      hash: encodeHash(transfer.transactionHash),
      item: encodeItem(transfer.item),
      amount: encodeAmount(transfer.amount),
    })
  }

  /** Adds a hint of the block that was added last, after its transfers. */
  addHint({ asset, account, reason, item = '' }: Hint, codec: AccountCodec): void {
    const encoded = { account: codec.encode(account), item: encodeItem(item) }
    this.putHint({ ...encoded, asset: this.assets.indexOf(asset), reason })
  }

  /** As `addBlock`, encoded. */
  putBlock({ number, timestamp, hash, parent }: PackedBlock): void {
    const at = this.#begin(BLOCK, BLOCK_HEAD, [hash, parent])
    this.buffer.writeDoubleLE(number, at + NUMBER_AT)
    this.buffer.writeDoubleLE(timestamp, at + TIMESTAMP_AT)
    this.blocks++
  }

  /** Adds a transfer of the block that was added last, encoded. */
  putTransfer({ asset, event, part, from, to, hash, item, amount }: PackedTransfer): void {
    assert(event <= MAX_PLACE && part <= MAX_PLACE, 'an event and a part fit their record')
    const at = this.#begin(TRANSFER, TRANSFER_HEAD, [from, to, hash, item, amount])
    this.buffer.writeUInt32LE(asset, at + ASSET_AT)
    this.buffer.writeUInt32LE(event, at + EVENT_AT)
    this.buffer.writeUInt32LE(part, at + PART_AT)
    this.transfers++
  }

  /** As `addHint`, encoded. */
  putHint({ asset, account, item, reason }: PackedHint): void {
    const at = this.#begin(HINT, HINT_HEAD, [account, item])
    this.buffer[at + 3] = REASONS.indexOf(reason)
    this.buffer.writeUInt32LE(asset, at + ASSET_AT)
    this.hints++
  }

  /** Writes a record's type, lengths and variable parts, its head zero. Returns where the record begins. */
  #begin(type: number, head: number, parts: readonly Uint8Array[]): number {
    this.reserve(MAX_RECORD)
    const { buffer, length: at } = this
    buffer.fill(0, at, at + head)
    buffer[at] = type
    let end = at + head
    for (const [index, part] of parts.entries()) {
      assert(part.length <= 255, 'a part of a record fits its length byte')
      buffer[at + 1 + index] = part.length
      buffer.set(part, end)
      end += part.length
    }
    buffer.writeUInt16LE(end - at, at + LENGTH_AT)
    this.length = end
    return at
  }
}
