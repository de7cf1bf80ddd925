import { assert } from '../../core/assert.ts'
import type { AssetRef } from '../../core/asset.ts'
import { STANDARDS } from '../../core/standards.ts'

/** An entry is its standard's index, its form, the bytes of its reference, and these. */
const HEAD = 3
/** A reference of `0x` and pairs of lower-case hex digits is kept as its bytes, any other as UTF-8. */
const HEX = 0
const TEXT = 1
const HEX_REFERENCE = /^0x(?:[0-9a-f]{2})+$/

const FIRST_BYTES = 4096
const FIRST_SLOTS = 256
/** FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/). */
const FNV_BASIS = 0x811c9dc5
const FNV_PRIME = 0x01000193

/**
 * The assets of records, each with an index in the order of first appearance. It takes about 40 bytes for an asset, since
 * a hostile chain can have millions.
 */
export class AssetDictionary {
  #bytes = Buffer.alloc(FIRST_BYTES)
  #length = 0
  #count = 0
  #places = new Uint32Array(FIRST_SLOTS / 2)
  /** Index + 1 of the entry in each slot, 0 in a free one. At most half of the slots are used. */
  #slots = new Uint32Array(FIRST_SLOTS)
  readonly #scratch = Buffer.alloc(HEAD + 255)

  /** Number of assets. */
  get count(): number {
    return this.#count
  }

  /** Bytes of all entries. */
  get length(): number {
    return this.#length
  }

  /** The entries from a byte on that is an entry's first, as `addEntries` takes them. They change with the next asset. */
  entriesFrom(at: number): Buffer {
    return this.#bytes.subarray(at, this.#length)
  }

  /** Returns the index of an asset. A new one gets the next. */
  indexOf(asset: AssetRef): number {
    const { standard, reference } = asset
    const isHex = HEX_REFERENCE.test(reference)
    const bytes = isHex ? Buffer.from(reference.slice(2), 'hex') : Buffer.from(reference, 'utf8')
    assert(bytes.length <= 255, 'a reference fits its length byte')
    const entry = this.#scratch
    entry[0] = STANDARDS.indexOf(standard)
    entry[1] = isHex ? HEX : TEXT
    entry[2] = bytes.length
    bytes.copy(entry, HEAD)
    return this.#indexOfEntry(entry, 0, HEAD + bytes.length)
  }

  /** Returns the index of the asset of a standard (its place in `STANDARDS`) whose reference is `0x` and these bytes in hex. */
  indexOfBytes(standard: number, reference: Uint8Array): number {
    const entry = this.#scratch
    const { length } = reference
    entry[0] = standard
    entry[1] = HEX
    entry[2] = length
    for (let i = 0; i < length; i++) entry[HEAD + i] = reference[i] ?? 0
    return this.#indexOfEntry(entry, 0, HEAD + length)
  }

  /** Returns the index here of one asset of another dictionary. */
  indexIn(other: AssetDictionary, index: number): number {
    const at = other.#places[index] ?? 0
    return this.#indexOfEntry(other.#bytes, at, entryBytes(other.#bytes, at))
  }

  /** True if an asset of another dictionary is here too. */
  has(other: AssetDictionary, index: number): boolean {
    const at = other.#places[index] ?? 0
    const length = entryBytes(other.#bytes, at)
    return this.#slots[this.#slotOf(other.#bytes, at, length)] !== 0
  }

  /** Returns the index here of each asset of another dictionary, in the order of that one. */
  indexesOf(other: AssetDictionary): Uint32Array {
    const indexes = new Uint32Array(other.#count)
    for (let index = 0; index < other.#count; index++) indexes[index] = this.indexIn(other, index)
    return indexes
  }

  /** Adds entries that `entriesFrom` returned. Returns false if they are damaged. */
  addEntries(bytes: Uint8Array): boolean {
    for (let at = 0; at < bytes.length; ) {
      const length = entryBytes(bytes, at)
      const before = this.#count
      if (at + length > bytes.length || STANDARDS[bytes[at] ?? 0] === undefined) return false
      if (this.#indexOfEntry(bytes, at, length) !== before) return false
      at += length
    }
    return true
  }

  /** The asset with this index. */
  at(index: number): AssetRef {
    assert(index < this.#count, 'a record names an asset of its dictionary')
    return assetOfEntry(this.#bytes, this.#places[index] ?? 0)
  }

  /** Forgets all assets and keeps the memory. */
  clear(): void {
    this.#slots.fill(0)
    this.#count = 0
    this.#length = 0
  }

  #indexOfEntry(source: Uint8Array, at: number, length: number): number {
    const slot = this.#slotOf(source, at, length)
    const held = this.#slots[slot] ?? 0
    return held === 0 ? this.#add(slot, source, { at, length }) : held - 1
  }

  /** Returns the slot of an entry, or the free one where it belongs. */
  #slotOf(source: Uint8Array, at: number, length: number): number {
    const slots = this.#slots
    const mask = slots.length - 1
    let slot = hashOf(source, at, length) & mask
    for (let held = slots[slot] ?? 0; held !== 0; held = slots[slot] ?? 0) {
      if (this.#isAt(held - 1, source, { at, length })) break
      slot = (slot + 1) & mask
    }
    return slot
  }

  #isAt(index: number, source: Uint8Array, { at, length }: { at: number; length: number }): boolean {
    const place = this.#places[index] ?? 0
    const bytes = this.#bytes
    // The length is one of the bytes compared, so entries of different lengths differ in it.
    for (let i = 0; i < length; i++) if (bytes[place + i] !== source[at + i]) return false
    return true
  }

  #add(slot: number, source: Uint8Array, { at, length }: { at: number; length: number }): number {
    while (this.#length + length > this.#bytes.length) this.#bytes = grown(this.#bytes, 2 * this.#bytes.length)
    this.#bytes.set(source.subarray(at, at + length), this.#length)
    this.#places[this.#count] = this.#length
    this.#length += length
    this.#slots[slot] = ++this.#count
    if (2 * this.#count >= this.#slots.length) this.#growSlots()
    return this.#count - 1
  }

  #growSlots(): void {
    const places = new Uint32Array(this.#slots.length)
    places.set(this.#places)
    this.#places = places
    this.#slots = new Uint32Array(2 * this.#slots.length)
    const mask = this.#slots.length - 1
    for (let index = 0; index < this.#count; index++) {
      const at = places[index] ?? 0
      const end = at + entryBytes(this.#bytes, at)
      let slot = hashOf(this.#bytes, at, end - at) & mask
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
      this.#slots[slot] = index + 1
    }
  }
}

/** Bytes of the entry at a position. */
export function entryBytes(bytes: Uint8Array, at: number): number {
  return HEAD + (bytes[at + 2] ?? 0)
}

/** The asset of the entry at a position. */
export function assetOfEntry(bytes: Buffer, at: number): AssetRef {
  const reference = bytes.subarray(at + HEAD, at + entryBytes(bytes, at))
  const standard = STANDARDS[bytes[at] ?? 0]
  assert(standard !== undefined, 'an entry has a standard')
  const isHex = bytes[at + 1] === HEX
  return { standard, reference: isHex ? `0x${reference.toString('hex')}` : reference.toString('utf8') }
}

function hashOf(source: Uint8Array, at: number, length: number): number {
  let hash = FNV_BASIS
  for (let i = 0; i < length; i++) hash = Math.imul(hash ^ (source[at + i] ?? 0), FNV_PRIME)
  return hash ^ (hash >>> 15)
}

function grown(bytes: Buffer<ArrayBuffer>, length: number): Buffer<ArrayBuffer> {
  const larger = Buffer.alloc(length)
  bytes.copy(larger)
  return larger
}
