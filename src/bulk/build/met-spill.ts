import { join } from 'node:path'
import { readBlock, writeBlock } from './change-record.ts'
import { RecordSorter } from './sorted-records.ts'
import { Spill } from './spill.ts'

/** A record: block u40, log u32, sub u32; asset u32, block of the first receipt u40, whether it is fungible u8. */
const KEY_BYTES = 13
const ASSET_AT = KEY_BYTES
const RECEIVED_AT = ASSET_AT + 4
const FUNGIBLE_AT = RECEIVED_AT + 5
const RECORD_BYTES = FUNGIBLE_AT + 1
const FORM = { head: 0, keyLength: () => KEY_BYTES, length: () => RECORD_BYTES }
/** First byte of a block that is missing. No block number has it. */
const NO_BLOCK = 0xff
/** Bytes that are sorted at once: those of most accounts with that many assets. */
const SORT_BYTES = 4 * 1024 * 1024

/** How an account met an asset. `receivedBlock`: -1 if it never received. */
export type MetAsset = {
  readonly asset: number
  readonly metBlock: number
  readonly metLog: number
  readonly metSub: number
  readonly receivedBlock: number
  readonly fungible: number
}

/** The assets of an account that has too many for memory, on disk until they are sorted as it met them. */
export class MetSpill {
  readonly #file: string
  readonly #extentBytes: number
  // Not the sorter of the changes: that is in use when an account ends.
  readonly #sorter: RecordSorter
  #spill: Spill | undefined

  constructor(folder: string, extentBytes: number) {
    this.#file = join(folder, 'met')
    this.#extentBytes = extentBytes
    this.#sorter = new RecordSorter({ budget: SORT_BYTES, extentBytes })
  }

  /** Adds an asset. Assets come in the order of their ids. */
  add({ asset, metBlock, metLog, metSub, receivedBlock, fungible }: MetAsset): void {
    this.#spill ??= new Spill(this.#file, { partitions: 1, extentBytes: this.#extentBytes })
    const start = this.#spill.room(0, RECORD_BYTES)
    const to = this.#spill.buffer
    let at = writeBlock(to, start, metBlock)
    at = to.writeUInt32BE(metLog, at)
    at = to.writeUInt32BE(metSub, at)
    to.writeUInt32BE(asset, at)
    if (receivedBlock < 0) to[start + RECEIVED_AT] = NO_BLOCK
    else writeBlock(to, start + RECEIVED_AT, receivedBlock)
    to[start + FUNGIBLE_AT] = fungible
  }

  /** Gives all assets in the order in which the account met them, and forgets them. */
  take(onAsset: (met: MetAsset) => void): void {
    if (this.#spill === undefined) return
    this.#sorter.each(this.#spill, FORM, (buffer, at) => {
      const isReceived = buffer[at + RECEIVED_AT] !== NO_BLOCK
      onAsset({
        asset: buffer.readUInt32BE(at + ASSET_AT),
        metBlock: readBlock(buffer, at),
        metLog: buffer.readUInt32BE(at + 5),
        metSub: buffer.readUInt32BE(at + 9),
        receivedBlock: isReceived ? readBlock(buffer, at + RECEIVED_AT) : -1,
        fungible: buffer[at + FUNGIBLE_AT] ?? 0,
      })
    })
    this.#spill = undefined
  }

  /** Removes the file, if there is one. */
  remove(): void {
    this.#spill?.remove()
    this.#spill = undefined
  }
}
