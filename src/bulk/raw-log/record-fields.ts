import {
  ASSET_AT,
  BLOCK,
  BLOCK_HEAD,
  EVENT_AT,
  HINT,
  HINT_HEAD,
  NUMBER_AT,
  PART_AT,
  TIMESTAMP_AT,
  TRANSFER,
  TRANSFER_HEAD,
} from './record-layout.ts'

/**
 * The fields of one record. Parts of variable length are at `…At` in `buffer`, with `…Length` bytes. A block's fields stay
 * until the next block is read.
 */
export class RecordFields {
  buffer: Buffer
  /** BLOCK, TRANSFER or HINT. */
  type = 0
  /** Where the record begins in `buffer`. */
  at = 0

  /** Number of the block that this record is or belongs to. */
  number = -1
  /** Of a BLOCK only, as all with `block…`. */
  timestamp = 0
  blockHashAt = 0
  blockHashLength = 0
  blockParentAt = 0
  /** 0: the parent is not known. */
  blockParentLength = 0

  /** Of a TRANSFER or HINT: index in the log's dictionary. */
  asset = 0
  /** Of a TRANSFER only, as all that follow up to `amountLength`. */
  event = 0
  part = 0
  fromAt = 0
  /** 0: a mint. */
  fromLength = 0
  toAt = 0
  /** 0: a burn. */
  toLength = 0
  hashAt = 0
  hashLength = 0
  /** Of a HINT too. */
  itemAt = 0
  /** 0: no item. */
  itemLength = 0
  amountAt = 0
  amountLength = 0

  /** Of a HINT only. `reason`: an index of REASONS. */
  accountAt = 0
  accountLength = 0
  reason = 0

  constructor(buffer: Buffer) {
    this.buffer = buffer
  }

  /** Reads a record of any type. Returns false if its type is unknown. */
  read(at: number): boolean {
    const type = this.buffer[at]
    if (type === TRANSFER) this.readTransfer(at)
    else if (type === BLOCK) this.readBlock(at)
    else if (type === HINT) this.readHint(at)
    else return false
    return true
  }

  /** Reads a transfer's record. */
  readTransfer(at: number): void {
    const { buffer } = this
    this.type = TRANSFER
    this.at = at
    this.asset = buffer.readUInt32LE(at + ASSET_AT)
    this.event = buffer.readUInt32LE(at + EVENT_AT)
    this.part = buffer.readUInt32LE(at + PART_AT)
    this.fromAt = at + TRANSFER_HEAD
    this.fromLength = buffer[at + 1] ?? 0
    this.toAt = this.fromAt + this.fromLength
    this.toLength = buffer[at + 2] ?? 0
    this.hashAt = this.toAt + this.toLength
    this.hashLength = buffer[at + 3] ?? 0
    this.itemAt = this.hashAt + this.hashLength
    this.itemLength = buffer[at + 4] ?? 0
    this.amountAt = this.itemAt + this.itemLength
    this.amountLength = buffer[at + 5] ?? 0
  }

  /** Reads a block's record. */
  readBlock(at: number): void {
    const { buffer } = this
    this.type = BLOCK
    this.at = at
    this.number = buffer.readDoubleLE(at + NUMBER_AT)
    this.timestamp = buffer.readDoubleLE(at + TIMESTAMP_AT)
    this.blockHashAt = at + BLOCK_HEAD
    this.blockHashLength = buffer[at + 1] ?? 0
    this.blockParentAt = this.blockHashAt + this.blockHashLength
    this.blockParentLength = buffer[at + 2] ?? 0
  }

  /** Reads a hint's record. */
  readHint(at: number): void {
    const { buffer } = this
    this.type = HINT
    this.at = at
    this.asset = buffer.readUInt32LE(at + ASSET_AT)
    this.accountAt = at + HINT_HEAD
    this.accountLength = buffer[at + 1] ?? 0
    this.itemAt = this.accountAt + this.accountLength
    this.itemLength = buffer[at + 2] ?? 0
    this.reason = buffer[at + 3] ?? 0
  }
}
