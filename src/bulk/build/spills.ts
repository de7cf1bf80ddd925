import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { assert } from '../../core/assert.ts'
import type { RecordFields } from '../raw-log/record-fields.ts'
import { ChangeForm, FIXED_BYTES, writeBlock } from './change-record.ts'
import { MetSpill } from './met-spill.ts'
import { PairSpills } from './pair-spills.ts'
import { RecordSorter } from './sorted-records.ts'
import { Spill } from './spill.ts'
import { UndecodableSpill } from './undecodable-spill.ts'

/** Bytes of an extent: written and read at once. */
const EXTENT_BYTES = 64 * 1024
/** Bytes of a partition that is sorted in memory. */
const SORT_BYTES = 32 * 1024 * 1024
/** Bytes that a partition of changes should have, and about how many a transfer takes there. */
const PARTITION_BYTES = 2 * 1024 * 1024
const TRANSFER_BYTES = 80
/** Buffers of partitions take at most this many bytes. */
const BUFFER_BYTES = 32 * 1024 * 1024
/** Part of a sort's bytes for an asset of one account: 65,536 of them are sorted in memory. */
const MET_BYTES = 512
/** Bits of an account that choose its partition at most. */
const MAX_BITS = 12
/** Bits of an account that choose its partition at least: small partitions sort quicker. */
const MIN_BITS = 8
/** Partitions by asset have these many bits of an id behind its highest one: what is larger is split by the sort. */
const ASSET_BITS = 3
/** Partitions of a spill by asset. */
export const ASSET_PARTITIONS = (32 - ASSET_BITS + 1) * 2 ** ASSET_BITS

/** A place of a transfer in the spill by asset: asset u32, block u40, log u32, sub u32. */
export const PLACE_BYTES = 17

/** Sizes of a build, which tests make small. */
export type BuildSizes = { readonly sortBytes: number; readonly extentBytes: number; readonly partitionBytes: number }

/** Sizes for a server: some 150 MB of memory. */
export const BUILD_SIZES: BuildSizes = {
  sortBytes: SORT_BYTES,
  extentBytes: EXTENT_BYTES,
  partitionBytes: PARTITION_BYTES,
}

/** How much a build has to hold, as far as it is known when it begins. */
type Expected = { readonly transfers: number; readonly accountBytes: number }

/** What a build keeps on disk between its steps, in a folder of its own. */
export class Spills {
  readonly changes: Spill
  readonly places: Spill
  readonly holders: Spill
  readonly blocks: Spill
  readonly pairs: PairSpills
  readonly undecodable: UndecodableSpill
  readonly met: MetSpill
  /** Assets of one account that are sorted in memory. */
  readonly metPairs: number
  readonly form: ChangeForm
  readonly sorter: RecordSorter
  readonly folder: string
  readonly sizes: BuildSizes
  readonly #shift: number
  readonly #pending: Spill
  readonly #extentBytes: number

  constructor(folder: string, expected: Expected, sizes: BuildSizes) {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    this.folder = folder
    this.sizes = sizes
    this.form = new ChangeForm(expected.accountBytes)
    const bits = partitionBits(expected.transfers, sizes)
    this.#shift = 16 - bits
    const { extentBytes } = sizes
    this.#extentBytes = extentBytes
    const changeExtent = Math.max(512, Math.min(extentBytes, BUFFER_BYTES / 2 ** bits))
    this.changes = this.#spill('changes', 2 ** bits, changeExtent)
    this.places = this.#spill('places', ASSET_PARTITIONS, extentBytes)
    this.holders = this.#spill('holders', ASSET_PARTITIONS, extentBytes)
    this.blocks = this.#spill('blocks', 1, extentBytes)
    this.#pending = this.#spill('pending-hints', 1, extentBytes)
    this.pairs = new PairSpills(folder, { form: this.form, extentBytes })
    this.met = new MetSpill(folder, extentBytes)
    this.metPairs = metPairsOf(sizes)
    this.undecodable = new UndecodableSpill(folder, extentBytes)
    this.sorter = new RecordSorter({ budget: sizes.sortBytes, extentBytes })
  }

  /** Makes room for a change of the account at a position of a buffer. */
  changeRoom(buffer: Buffer, account: { readonly at: number; readonly length: number }, bytes: number): number {
    assert(account.length === this.form.accountBytes, 'all accounts of a chain have one length')
    const head = ((buffer[account.at] ?? 0) << 8) | (buffer[account.at + 1] ?? 0)
    return this.changes.room(head >>> this.#shift, bytes)
  }

  /** Adds the place of a transfer to those of its asset. */
  addPlace(asset: number, { number, event, part }: RecordFields): void {
    let at = this.places.room(assetPartition(asset), PLACE_BYTES)
    const to = this.places.buffer
    at = to.writeUInt32BE(asset, at)
    at = writeBlock(to, at, number)
    at = to.writeUInt32BE(event, at)
    to.writeUInt32BE(part, at)
  }

  addBlock(number: number, timestamp: number, hash: Buffer): void {
    const at = this.blocks.room(0, 17 + hash.length)
    const to = this.blocks.buffer
    to[at] = hash.length
    to.writeDoubleLE(number, at + 1)
    to.writeDoubleLE(timestamp, at + 9)
    hash.copy(to, at + 17)
  }

  /** Gives each block in order. `hash` changes with the next one. */
  eachBlock(onBlock: (number: number, timestamp: number, hash: Buffer) => void): void {
    const buffer = Buffer.alloc(this.#extentBytes)
    for (const { end } of this.blocks.extents(0, buffer, true)) {
      for (let at = 0; at < end; ) {
        const hashAt = at + 17
        const hash = buffer.subarray(hashAt, hashAt + (buffer[at] ?? 0))
        onBlock(buffer.readDoubleLE(at + 1), buffer.readDoubleLE(at + 9), hash)
        at = hashAt + hash.length
      }
    }
  }

  /** Adds a hint, as a change whose asset is an index of the dictionary. */
  addHint(cursor: RecordFields, ofItem: boolean, flags: number): void {
    const { buffer, asset, number, accountAt, accountLength, itemAt, itemLength } = cursor
    assert(accountLength === this.form.accountBytes, 'all accounts of a chain have one length')
    const length = FIXED_BYTES + accountLength + (ofItem ? itemLength : 1)
    let at = this.#pending.room(0, length)
    const to = this.#pending.buffer
    to[at++] = length
    at += buffer.copy(to, at, accountAt, accountAt + accountLength)
    at = to.writeUInt32BE(asset, at)
    if (ofItem) at += buffer.copy(to, at, itemAt, itemAt + itemLength)
    else to[at++] = 0
    at = writeBlock(to, at, number)
    at = to.writeUInt32BE(0, at)
    to[at] = flags
  }

  /** Gives each hint in order. */
  eachHint(onHint: (buffer: Buffer, at: number) => void): void {
    const buffer = Buffer.alloc(this.#extentBytes)
    for (const { end } of this.#pending.extents(0, buffer, true)) {
      for (let at = 0; at < end; at += buffer[at] ?? 0) onHint(buffer, at)
    }
  }

  /** Removes all files. */
  remove(): void {
    for (const spill of [this.changes, this.places, this.holders, this.blocks, this.#pending]) spill.remove()
    this.pairs.remove()
    this.undecodable.remove()
    this.met.remove()
    rmSync(this.folder, { recursive: true, force: true })
  }

  #spill(name: string, partitions: number, extentBytes: number): Spill {
    return new Spill(join(this.folder, name), { partitions, extentBytes })
  }
}

/** The partition of an asset in spills by asset: they are in the order of ids, and small ids have their own. */
export function assetPartition(asset: number): number {
  const shift = Math.max(0, 31 - Math.clz32(asset) - ASSET_BITS)
  return (shift << ASSET_BITS) + (asset >>> shift)
}

/** Assets of one account that are sorted in memory. */
export function metPairsOf({ sortBytes }: BuildSizes): number {
  return Math.max(1, Math.floor(sortBytes / MET_BYTES))
}

function partitionBits(transfers: number, { partitionBytes }: BuildSizes): number {
  const wanted = Math.ceil(Math.log2((transfers * TRANSFER_BYTES) / partitionBytes))
  return Math.max(MIN_BITS, Math.min(MAX_BITS, wanted))
}
