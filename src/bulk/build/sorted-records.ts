import { grown } from './grown.ts'
import { KeySorter, MAX_SORTED } from './sort-keys.ts'
import { Spill } from './spill.ts'
import type { SpillSource } from './spill-source.ts'

/** Readable bytes that the sort needs behind the last record. */
const PADDING = 16
/** Values of a byte: partitions of a split. */
const BYTE_VALUES = 256

/** Where the lengths and keys of a spill's records are. */
export type RecordForm = {
  /** Bytes before a record's key. */
  readonly head: number
  /** Bytes of the key of the record at a position. No key begins with another key. */
  readonly keyLength: (buffer: Buffer, at: number) => number
  /** Bytes of the record at a position. Behind the key, they never decrease among records of one key. */
  readonly length: (buffer: Buffer, at: number) => number
}

/** Gets records in the order of their keys, those with equal keys in the order of arrival. */
export type OnRecord = (buffer: Buffer, at: number) => void

/**
 * Gives the records of a spill's partitions in the order of their keys, in bounded memory: a partition that is larger
 * than `budget` bytes is spilled again by the first byte in which its keys differ. Records that all have one key are in
 * order already, so they are only read, however many there are.
 */
export class RecordSorter {
  readonly #budget: number
  readonly #extentBytes: number
  readonly #sorter = new KeySorter()
  #buffer = Buffer.alloc(0)
  #order = new Uint32Array(1 << 12)

  /** `extentBytes`: of the spills. */
  constructor({ budget, extentBytes }: { readonly budget: number; readonly extentBytes: number }) {
    this.#budget = Math.max(budget, 2 * extentBytes)
    this.#extentBytes = extentBytes
  }

  /** Gives all records. The partitions must be in the order of their keys. Releases what was read. */
  each(spill: SpillSource, form: RecordForm, onRecord: OnRecord): void {
    for (let partition = 0; partition < spill.partitions; partition++) {
      this.eachOf(spill, { partition, form, onRecord })
    }
  }

  /** Gives the records of one partition, and releases it. */
  eachOf(spill: SpillSource, part: Part): void {
    this.#eachOf(spill, part)
    spill.release(part.partition)
  }

  #eachOf(spill: SpillSource, part: Part): void {
    const length = spill.length(part.partition)
    if (length === 0) return
    if (length <= this.#budget && this.#sortInMemory(spill, length, part)) return
    const differs = this.#firstDifference(spill, part)
    if (differs === undefined) {
      const buffer = this.#room(this.#extentBytes)
      for (const { end } of spill.extents(part.partition, buffer, true)) {
        for (let at = 0; at < end; at += part.form.length(buffer, at)) part.onRecord(buffer, at)
      }
      return
    }
    const split = this.#split(spill, part, differs)
    try {
      this.each(split, part.form, part.onRecord)
    } finally {
      split.remove()
    }
  }

  /** False if there are too many records for one sort. */
  #sortInMemory(spill: SpillSource, length: number, { partition, form, onRecord }: Part): boolean {
    const buffer = this.#room(length)
    spill.read(partition, buffer)
    let count = 0
    for (let at = 0; at < length; at += form.length(buffer, at)) {
      if (count === MAX_SORTED) return false
      if (count === this.#order.length) this.#order = grown(this.#order, new Uint32Array(2 * count))
      this.#order[count++] = at
    }
    const order = this.#order
    this.#sorter.sort({ buffer, order, head: form.head, keyLength: form.keyLength }, count)
    for (let i = 0; i < count; i++) onRecord(buffer, order[i] ?? 0)
    return true
  }

  /** The first byte in which keys of a partition differ; undefined if all are equal. */
  #firstDifference(spill: SpillSource, { partition, form }: Part): number | undefined {
    const buffer = this.#room(this.#extentBytes)
    let first: Buffer | undefined
    let common = 0
    for (const { end } of spill.extents(partition, buffer, true)) {
      for (let at = 0; at < end; at += form.length(buffer, at)) {
        const key = at + form.head
        if (first === undefined) {
          first = Buffer.from(buffer.subarray(key, key + form.keyLength(buffer, at)))
          common = first.length
        }
        let same = 0
        while (same < common && buffer[key + same] === first[same]) same++
        common = same
      }
      if (common === 0) break
    }
    return first === undefined || common === first.length ? undefined : common
  }

  #split(spill: SpillSource, { partition, form }: Part, differs: number): Spill {
    const extentBytes = this.#extentBytes
    const split = new Spill(`${spill.file}.${differs}`, { partitions: BYTE_VALUES, extentBytes })
    const buffer = this.#room(extentBytes)
    for (const { end } of spill.extents(partition, buffer, true)) {
      for (let at = 0; at < end; ) {
        const length = form.length(buffer, at)
        const to = split.room(buffer[at + form.head + differs] ?? 0, length)
        buffer.copy(split.buffer, to, at, at + length)
        at += length
      }
    }
    return split
  }

  #room(bytes: number): Buffer {
    if (this.#buffer.length < bytes + PADDING) this.#buffer = Buffer.allocUnsafeSlow(bytes + PADDING)
    return this.#buffer
  }
}

/** A partition, and who gets its records. */
type Part = { readonly partition: number; readonly form: RecordForm; readonly onRecord: OnRecord }
