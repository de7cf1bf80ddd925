import { assert } from '../../core/assert.ts'
import type { BulkEnd, BulkSink, RowWriter } from '../../store/seam/bulk-sink.ts'
import type { RecordCursor } from '../raw-log/record-cursor.ts'
import { RecordFields } from '../raw-log/record-fields.ts'
import { BLOCK, REASONS, TRANSFER } from '../raw-log/record-layout.ts'
import type { AccountFilter } from './account-filter.ts'
import type { BuiltAssets } from './built-assets.ts'
import {
  FIXED_BYTES,
  HAS_SUB,
  HINTED,
  RECEIVED,
  SENT,
  SUB_BYTES,
  UNDECODABLE as UNDECODABLE_FLAG,
  writeBlock,
} from './change-record.ts'
import type { Spills } from './spills.ts'

const UNDECODABLE = REASONS.indexOf('undecodable')
const NO_BYTES = Buffer.alloc(0)

/** What the pass over a raw log needs. */
export type LogPass = {
  readonly sink: BulkSink
  readonly assets: BuiltAssets
  readonly spills: Spills
  readonly keeps: AccountFilter
  /** The last published block, or -1: tokens are classified already by what its events and earlier ones show. */
  readonly published: number
}

/**
 * The one pass over a raw log, part by part: writes the transfers, whose order is the log's, and spills their sides, their
 * places by asset, the blocks and the hints.
 */
export class LogReading {
  readonly #pass: LogPass
  readonly #transfers: RowWriter
  #cursor = new RecordFields(NO_BYTES)
  #hash: Buffer = NO_BYTES
  #isBlockKept = false
  #count = 0
  #last = { block: -1, event: -1, part: -1 }

  constructor(pass: LogPass) {
    this.#pass = pass
    this.#transfers = pass.sink.rows('transfers')
  }

  /** Reads the records of the next part of the log. */
  read(cursor: RecordCursor): void {
    this.#cursor = cursor
    while (cursor.next()) {
      if (cursor.type === TRANSFER) this.#readTransfer()
      else if (cursor.type === BLOCK) this.#beginBlock()
      else this.#readHint()
    }
  }

  /** The whole log was read. */
  end(): Pick<BulkEnd, 'transfers' | 'undecodable'> {
    this.#placeHints()
    return { transfers: this.#count, undecodable: this.#pass.spills.undecodable.all() }
  }

  #beginBlock(): void {
    const { buffer, blockHashAt, blockHashLength } = this.#cursor
    this.#hash = Buffer.from(buffer.subarray(blockHashAt, blockHashAt + blockHashLength))
    this.#isBlockKept = false
  }

  #readTransfer(): void {
    const { assets, spills } = this.#pass
    const cursor = this.#cursor
    const { number, event, part, buffer } = cursor
    this.#mustBeNext(number, event, part)
    if (!this.#isBlockKept) {
      spills.addBlock(number, cursor.timestamp, this.#hash)
      this.#isBlockKept = true
    }
    const asset = assets.meet(cursor.asset, number)
    assets.transfers[asset] = (assets.transfers[asset] ?? 0) + 1
    if ((cursor.fromLength === 0) !== (cursor.toLength === 0)) {
      assets.supply.select(asset)
      const [start, end] = [cursor.amountAt + 1, cursor.amountAt + cursor.amountLength]
      if (cursor.fromLength === 0) assets.supply.add(buffer, start, end)
      else assets.supply.subtract(buffer, start, end)
    }
    this.#writeRow(asset)
    spills.addPlace(asset, cursor)
    this.#spillSides(asset)
    this.#count++
  }

  #mustBeNext(block: number, event: number, part: number): void {
    const last = this.#last
    const isNext =
      block > last.block || (block === last.block && (event > last.event || (event === last.event && part > last.part)))
    assert(isNext, 'the transfers of a raw log are in order')
    last.block = block
    last.event = event
    last.part = part
  }

  #writeRow(asset: number): void {
    const cursor = this.#cursor
    const { buffer, fromAt, fromLength, toAt, toLength, itemAt, amountAt, hashAt } = cursor
    const row = this.#transfers
    row.int(cursor.number)
    row.int(cursor.event)
    row.int(cursor.part)
    row.int(asset)
    if (fromLength === 0) row.nothing()
    else row.bytes(buffer, fromAt, fromAt + fromLength)
    if (toLength === 0) row.nothing()
    else row.bytes(buffer, toAt, toAt + toLength)
    row.bytes(buffer, itemAt, itemAt + cursor.itemLength)
    row.bytes(buffer, amountAt, amountAt + cursor.amountLength)
    row.bytes(buffer, hashAt, hashAt + cursor.hashLength)
    row.end()
  }

  /** Spills the sides as `sidesOf` (`src/journal/sides.ts`) tells them. */
  #spillSides(asset: number): void {
    const { keeps, assets } = this.#pass
    const { buffer, fromAt, fromLength, toAt, toLength, amountLength } = this.#cursor
    const isOwn =
      fromLength > 0 && fromLength === toLength && isSame(buffer, { at: fromAt, other: toAt, length: fromLength })
    const isFungible = assets.fungible[asset] === 1
    if (fromLength > 0 && keeps(buffer, fromAt, fromLength)) {
      const digits = isOwn ? 0 : amountLength - 1
      const side = { at: fromAt, length: fromLength, digits, flags: isOwn ? RECEIVED : SENT }
      this.#spillSide(asset, side, false)
      if (!isFungible) this.#spillSide(asset, side, true)
    }
    if (toLength > 0 && !isOwn && keeps(buffer, toAt, toLength)) {
      const side = { at: toAt, length: toLength, digits: amountLength - 1, flags: RECEIVED }
      this.#spillSide(asset, side, false)
      if (!isFungible) this.#spillSide(asset, side, true)
    }
  }

  #spillSide(asset: number, side: Side, ofItem: boolean): void {
    const { spills } = this.#pass
    const cursor = this.#cursor
    const { buffer, part, itemLength, itemAt, amountAt } = cursor
    const hasItem = ofItem && itemLength > 0
    const itemBytes = hasItem ? itemLength : 1
    const length = FIXED_BYTES + side.length + itemBytes + (part === 0 ? 0 : SUB_BYTES) + side.digits
    let at = spills.changeRoom(buffer, side, length)
    const to = spills.changes.buffer
    to[at++] = length
    for (let i = 0; i < side.length; i++) to[at++] = buffer[side.at + i] ?? 0
    at = to.writeUInt32BE(asset, at)
    if (hasItem) for (let i = 0; i < itemLength; i++) to[at++] = buffer[itemAt + i] ?? 0
    else to[at++] = 0
    at = writeBlock(to, at, cursor.number)
    at = to.writeUInt32BE(cursor.event, at)
    to[at++] = side.flags | (part === 0 ? 0 : HAS_SUB)
    if (part !== 0) at = to.writeUInt32BE(part, at)
    for (let i = 0; i < side.digits; i++) to[at++] = buffer[amountAt + 1 + i] ?? 0
  }

  #readHint(): void {
    const { assets, keeps, published, spills } = this.#pass
    const cursor = this.#cursor
    const { buffer, accountAt, accountLength, number } = cursor
    const isKept = keeps(buffer, accountAt, accountLength)
    const isUndecodable = cursor.reason === UNDECODABLE
    if (isUndecodable) {
      const asset = assets.meet(cursor.asset, number)
      if (number > published && assets.undecodable[asset] === 0) {
        assets.undecodable[asset] = 1
        const account = buffer.subarray(accountAt, accountAt + (isKept ? accountLength : 0))
        spills.undecodable.add({ asset, number, hash: this.#hash, account })
      }
    }
    if (!isKept) return
    const flags = isUndecodable ? HINTED | UNDECODABLE_FLAG : HINTED
    spills.addHint(cursor, false, flags)
    if (cursor.itemLength > 0) spills.addHint(cursor, true, flags)
  }

  /** Spills each hint with the changes of its account, now that all tokens of the log are known. */
  #placeHints(): void {
    const { assets, spills } = this.#pass
    spills.eachHint((buffer, at) => {
      const length = buffer[at] ?? 0
      const assetAt = spills.form.assetAt(at)
      const id = assets.idOf(buffer.readUInt32BE(assetAt))
      if (id === 0) {
        spills.pairs.addUnmet(buffer, at)
        return
      }
      const to = spills.changeRoom(buffer, { at: at + 1, length: spills.form.accountBytes }, length)
      buffer.copy(spills.changes.buffer, to, at, at + length)
      spills.changes.buffer.writeUInt32BE(id, to + assetAt - at)
    })
  }
}

type Side = { readonly at: number; readonly length: number; readonly digits: number; readonly flags: number }

function isSame(buffer: Buffer, { at, other, length }: { at: number; other: number; length: number }): boolean {
  for (let i = 0; i < length; i++) if (buffer[at + i] !== buffer[other + i]) return false
  return true
}
