/** Bytes of a key that one word of the sort holds, beside the place of its record. */
const WINDOW = 5
/** Records that are sorted at once at most: their places have this many values. */
export const MAX_SORTED = 2 ** 24
/** Fewer are sorted by insertion. */
const FEW = 12

/** What is sorted: the positions of records in a buffer, and where their keys are. */
export type Sorted = {
  /** Needs WINDOW readable bytes after the last record. */
  readonly buffer: Buffer
  readonly order: Uint32Array
  /** Bytes before a record's key. */
  readonly head: number
  /** Bytes of the key of the record at a position. No key begins with another key. */
  readonly keyLength: (buffer: Buffer, at: number) => number
}

/**
 * Sorts positions of records by the records' keys. Records with equal keys keep their order, if the bytes behind a key
 * never decrease from one such record to the next. A word of 64 bits holds five bytes of a key and the record's place,
 * and words are sorted natively, without a comparison in JavaScript; equal ones are then sorted by the next bytes.
 */
export class KeySorter {
  #words = new BigUint64Array(1 << 12)
  #halves = new Uint32Array(this.#words.buffer)
  #places = new Uint32Array(1 << 12)
  #sorted: Sorted = { buffer: Buffer.alloc(0), order: new Uint32Array(0), head: 0, keyLength: () => 0 }

  /** Sorts the first `count` positions. */
  sort(sorted: Sorted, count: number): void {
    this.#sorted = sorted
    this.#sortPart(0, count, 0)
  }

  #sortPart(low: number, high: number, from: number): void {
    const { buffer, order, keyLength } = this.#sorted
    const count = high - low
    if (count < 2) return
    if (count <= FEW) {
      this.#insertionSort(low, high, from)
      return
    }
    const differs = from + this.#commonBytes(low, high, from)
    if (differs >= keyLength(buffer, order[low] ?? 0)) return
    this.#sortWords(low, high, differs)
    const groups = this.#equalGroups(low, count)
    for (let at = 0; at + 1 < groups.length; at += 2) {
      this.#sortPart(groups[at] ?? 0, groups[at + 1] ?? 0, differs + WINDOW)
    }
  }

  #sortWords(low: number, high: number, from: number): void {
    const { buffer, order, head } = this.#sorted
    const count = high - low
    if (this.#words.length < count) {
      this.#words = new BigUint64Array(count + (count >> 1))
      this.#halves = new Uint32Array(this.#words.buffer)
      this.#places = new Uint32Array(count + (count >> 1))
    }
    const [halves, places] = [this.#halves, this.#places]
    for (let i = 0; i < count; i++) {
      const position = order[low + i] ?? 0
      const at = position + head + from
      halves[2 * i + 1] =
        ((buffer[at] ?? 0) << 24) | ((buffer[at + 1] ?? 0) << 16) | ((buffer[at + 2] ?? 0) << 8) | (buffer[at + 3] ?? 0)
      halves[2 * i] = ((buffer[at + 4] ?? 0) << 24) | i
      places[i] = position
    }
    this.#words.subarray(0, count).sort()
    for (let i = 0; i < count; i++) order[low + i] = places[(halves[2 * i] ?? 0) & 0xffffff] ?? 0
  }

  /** The runs of words that differ only in their places, as pairs of bounds in the order. */
  #equalGroups(low: number, count: number): number[] {
    const halves = this.#halves
    const groups: number[] = []
    let start = 0
    for (let i = 1; i <= count; i++) {
      const isSame =
        i < count &&
        halves[2 * i + 1] === halves[2 * start + 1] &&
        (halves[2 * i] ?? 0) >>> 24 === (halves[2 * start] ?? 0) >>> 24
      if (isSame) continue
      if (i - start > 1) groups.push(low + start, low + i)
      start = i
    }
    return groups
  }

  /** How many bytes from one on all keys of a part have in common. */
  #commonBytes(low: number, high: number, from: number): number {
    const { buffer, order, head, keyLength } = this.#sorted
    const first = order[low] ?? 0
    let common = keyLength(buffer, first) - from
    for (let i = low + 1; i < high && common > 0; i++) {
      const other = (order[i] ?? 0) + head + from
      let same = 0
      while (same < common && buffer[other + same] === buffer[first + head + from + same]) same++
      common = same
    }
    return Math.max(0, common)
  }

  #insertionSort(low: number, high: number, from: number): void {
    const { order } = this.#sorted
    for (let i = low + 1; i < high; i++) {
      const position = order[i] ?? 0
      let at = i - 1
      while (at >= low && this.#isAfter(order[at] ?? 0, position, from)) {
        order[at + 1] = order[at] ?? 0
        at--
      }
      order[at + 1] = position
    }
  }

  #isAfter(a: number, b: number, from: number): boolean {
    const { buffer, head, keyLength } = this.#sorted
    const end = keyLength(buffer, a)
    for (let i = from; i < end; i++) {
      const difference = (buffer[a + head + i] ?? 0) - (buffer[b + head + i] ?? 0)
      if (difference !== 0) return difference > 0
    }
    return false
  }
}
