import { join } from 'node:path'
import { type ChangeForm, itemKeyLength, readBlock, writeBlock } from './change-record.ts'
import type { RecordSorter } from './sorted-records.ts'
import { type SharedSpill, Spill } from './spill.ts'
import { SpillReader } from './spill-reader.ts'

/** A pair of account and asset, as stored. The asset is an id; of a hint at no known token, an index of the dictionary. */
export type SpilledPair = { readonly account: Buffer; readonly asset: number; readonly item: Buffer }

/** The first blocks that hint at a pair, by events of any kind and by undecodable ones; `new...`: of blocks that are not published yet. */
export type SpilledHint = {
  readonly block: number
  readonly undecodable: number | undefined
  readonly newBlock: number | undefined
  readonly newUndecodable: number | undefined
}

/** The same as numbers: -1 where there is no block. */
type SummedHint = Readonly<Record<'hintBlock' | 'undecodable' | 'newHintBlock' | 'newUndecodable', number>>

/** Pairs that another thread kept. */
export type SharedPairs = { readonly closed: SharedSpill; readonly hints: SharedSpill }

/** First byte of a block that is missing. No block number has it. */
const NO_BLOCK = 0xff
const BLOCK_BYTES = 5

/** What a build keeps of single pairs: those that are out of range, and those that events hint at. */
export class PairSpills {
  readonly #closed: Spill
  readonly #hints: Spill
  readonly #unmet: Spill
  readonly #form: ChangeForm
  readonly #extentBytes: number

  constructor(folder: string, { form, extentBytes }: { readonly form: ChangeForm; readonly extentBytes: number }) {
    const spill = (name: string): Spill => new Spill(join(folder, name), { partitions: 1, extentBytes })
    this.#closed = spill('closed')
    this.#hints = spill('hints')
    this.#unmet = spill('unmet')
    this.#form = form
    this.#extentBytes = extentBytes
  }

  /** Adds a pair that is out of range, by its key. */
  addClosed(key: Buffer, keyBytes: number): void {
    this.#addAssetFirst(this.#closed, { source: key, at: 0, length: keyBytes })
  }

  /** Gives those pairs by asset, account and item. */
  eachClosed(sorter: RecordSorter, onPair: (pair: SpilledPair) => void): void {
    sorter.each(this.#closed, this.#form, (buffer, at) => onPair(this.#assetFirstAt(buffer, at)))
  }

  /** Adds a hinted pair of a known token. Blocks are -1 where there is none. */
  addHint(key: Buffer, keyBytes: number, hint: SummedHint): void {
    const blocks = [hint.hintBlock, hint.undecodable, hint.newHintBlock, hint.newUndecodable]
    const length = 1 + keyBytes + blocks.length * BLOCK_BYTES
    let at = this.#hints.room(0, length)
    const to = this.#hints.buffer
    to[at++] = length
    at += key.copy(to, at, 0, keyBytes)
    for (const block of blocks) {
      if (block < 0) to[at] = NO_BLOCK
      else writeBlock(to, at, block)
      at += BLOCK_BYTES
    }
  }

  eachHint(onHint: (pair: SpilledPair, hint: SpilledHint) => void): void {
    this.#each(this.#hints, (buffer, at) => {
      const blockAt = (behind: number): number | undefined => {
        const from = at + (buffer[at] ?? 0) - behind * BLOCK_BYTES
        return buffer[from] === NO_BLOCK ? undefined : readBlock(buffer, from)
      }
      const [block = 0, undecodable, newBlock, newUndecodable] = [blockAt(4), blockAt(3), blockAt(2), blockAt(1)]
      onHint(this.#pairAt(buffer, at + 1), { block, undecodable, newBlock, newUndecodable })
    })
  }

  /** Adds the record of a hint at a contract that no transfer shows to be a token. */
  addUnmet(buffer: Buffer, at: number): void {
    const { head } = this.#form
    this.#addAssetFirst(this.#unmet, { source: buffer, at: at + head, length: (buffer[at] ?? 0) - head })
  }

  /** Gives those hints by contract, account and item, and the first of a pair first. */
  eachUnmet(sorter: RecordSorter, onHint: (pair: SpilledPair, block: number) => void): void {
    sorter.each(this.#unmet, this.#form, (buffer, at) => {
      const itemAt = this.#form.itemAt(at)
      onHint(this.#assetFirstAt(buffer, at), readBlock(buffer, itemAt + itemKeyLength(buffer, itemAt)))
    })
  }

  /** Tells another thread what was added. */
  share(): SharedPairs {
    return { closed: this.#closed.share(), hints: this.#hints.share() }
  }

  /** Adds what another thread shared. */
  adopt({ closed, hints }: SharedPairs): void {
    const form = this.#form
    const copy = (from: SharedSpill, to: Spill): void => {
      const reader = new SpillReader(`${to.file}-adopted`, [from])
      const buffer = Buffer.alloc(this.#extentBytes)
      for (const { end } of reader.extents(0, buffer, true)) {
        for (let at = 0; at < end; ) {
          const length = form.length(buffer, at)
          const place = to.room(0, length)
          buffer.copy(to.buffer, place, at, at + length)
          at += length
        }
      }
      reader.close()
    }
    copy(closed, this.#closed)
    copy(hints, this.#hints)
  }

  /** Closes the files, and leaves them to the thread that they were shared with. */
  close(): void {
    for (const spill of [this.#closed, this.#hints, this.#unmet]) spill.close()
  }

  /** Removes the files. */
  remove(): void {
    for (const spill of [this.#closed, this.#hints, this.#unmet]) spill.remove()
  }

  #each(spill: Spill, onRecord: (buffer: Buffer, at: number) => void): void {
    const buffer = Buffer.alloc(this.#extentBytes)
    for (const { end } of spill.extents(0, buffer, true)) {
      for (let at = 0; at < end; at += buffer[at] ?? 0) onRecord(buffer, at)
    }
  }

  /** Adds a record with the asset before the account, so that the pairs of an asset come together. */
  #addAssetFirst(spill: Spill, { source, at, length }: { source: Buffer; at: number; length: number }): void {
    const { accountBytes, head } = this.#form
    const to = spill.room(0, head + length)
    const record = spill.buffer
    record[to] = head + length
    source.copy(record, to + head, at + accountBytes, at + accountBytes + 4)
    source.copy(record, to + head + 4, at, at + accountBytes)
    source.copy(record, to + head + 4 + accountBytes, at + accountBytes + 4, at + length)
  }

  #assetFirstAt(buffer: Buffer, at: number): SpilledPair {
    const { accountBytes, head } = this.#form
    const [asset, accountAt] = [buffer.readUInt32BE(at + head), at + head + 4]
    const account = Buffer.from(buffer.subarray(accountAt, accountAt + accountBytes))
    return { asset, account, item: itemOf(buffer, accountAt + accountBytes) }
  }

  #pairAt(buffer: Buffer, at: number): SpilledPair {
    const { accountBytes } = this.#form
    const account = Buffer.from(buffer.subarray(at, at + accountBytes))
    const assetAt = at + accountBytes
    return { account, asset: buffer.readUInt32BE(assetAt), item: itemOf(buffer, assetAt + 4) }
  }
}

function itemOf(buffer: Buffer, at: number): Buffer {
  return buffer[at] === 0 ? Buffer.alloc(0) : Buffer.from(buffer.subarray(at, at + itemKeyLength(buffer, at)))
}
