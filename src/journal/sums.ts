const LIMBS = 10
/** Limbs of the greatest amount, 2^256-1. */
const AMOUNT_LIMBS = 8
const BASE = 2 ** 32

/** Sums of one array: a power of two. More sums take more arrays, so that none is ever copied to a larger one. */
const PART_BITS = 14
const PART = 2 ** PART_BITS

/** Most bytes of an encoded sum. */
export const MAX_SUM_BYTES = 1 + 4 * LIMBS

/**
 * Sums by index in fixed memory, without a bigint for each change: two's complement in limbs of 32 bits, the lowest first.
 * They change by magnitudes in big-endian bytes, as encoded amounts have them. All methods are of the sum that `select`
 * named last.
 */
export class Sums {
  readonly #parts: Uint32Array[] = []
  #limbs: Uint32Array
  #base = 0

  /** Begins with the first sum. All sums are 0. */
  constructor() {
    this.#limbs = this.#part(0)
  }

  /** Goes to a sum. */
  select(index: number): void {
    const part = index >>> PART_BITS
    this.#limbs = this.#parts[part] ?? this.#part(part)
    this.#base = (index & (PART - 1)) * LIMBS
  }

  /** Makes the parts up to one, which it returns. */
  #part(wanted: number): Uint32Array {
    let part = new Uint32Array(0)
    while (this.#parts.length <= wanted) {
      part = new Uint32Array(PART * LIMBS)
      this.#parts.push(part)
    }
    return part
  }

  clear(): void {
    this.#limbs.fill(0, this.#base, this.#base + LIMBS)
  }

  /** Adds the magnitude in `source` from `start` to `end`. */
  add(source: Uint8Array, start: number, end: number): void {
    const limbs = this.#limbs
    let carry = 0
    for (let limb = this.#base; limb < this.#base + LIMBS; limb++, end -= 4) {
      if (end <= start && carry === 0) return
      const sum = (limbs[limb] ?? 0) + digitsBefore(source, start, end) + carry
      carry = sum >= BASE ? 1 : 0
      limbs[limb] = sum
    }
  }

  /** Subtracts the magnitude in `source` from `start` to `end`. */
  subtract(source: Uint8Array, start: number, end: number): void {
    const limbs = this.#limbs
    let borrow = 0
    for (let limb = this.#base; limb < this.#base + LIMBS; limb++, end -= 4) {
      if (end <= start && borrow === 0) return
      const difference = (limbs[limb] ?? 0) - digitsBefore(source, start, end) - borrow
      borrow = difference < 0 ? 1 : 0
      limbs[limb] = difference
    }
  }

  /** True if the sum is below zero. */
  isNegative(): boolean {
    return (this.#limbs[this.#base + LIMBS - 1] ?? 0) >= BASE / 2
  }

  /** True if the sum can be an amount: from 0 to 2^256-1. */
  isAmount(): boolean {
    const end = this.#base + LIMBS
    for (let limb = this.#base + AMOUNT_LIMBS; limb < end; limb++) if (this.#limbs[limb] !== 0) return false
    return true
  }

  /** Writes the sum as `encodeAmount` encodes it. Returns its number of bytes. `to` needs MAX_SUM_BYTES. */
  encode(to: Uint8Array): number {
    const limbs = this.#limbs
    const base = this.#base
    const isNegative = this.isNegative()
    // Minus a number is its complement plus one. The addition carries up to the lowest limb that is not zero.
    let lowest = -1
    if (isNegative) for (lowest = base; limbs[lowest] === 0; ) lowest++
    let top = base + LIMBS - 1
    while (top >= base && magnitude(limbs, top, lowest) === 0) top--
    if (top < base) {
      to[0] = 0x80
      return 1
    }
    const highest = magnitude(limbs, top, lowest)
    const bytes = 4 * (top - base) + (highest > 0xffffff ? 4 : highest > 0xffff ? 3 : highest > 0xff ? 2 : 1)
    to[0] = isNegative ? 0x80 - bytes : 0x80 + bytes
    const flip = isNegative ? 0xff : 0
    for (let at = bytes, limb = base; at > 0; limb++) {
      let value = magnitude(limbs, limb, lowest)
      for (let digit = 0; digit < 4 && at > 0; digit++, at--) {
        to[at] = (value & 0xff) ^ flip
        value >>>= 8
      }
    }
    return bytes + 1
  }
}

/** The four digits before `end` as a number, those before `start` taken as zero. */
function digitsBefore(source: Uint8Array, start: number, end: number): number {
  let digits = 0
  for (let at = Math.max(start, end - 4); at < end; at++) digits = (digits << 8) | (source[at] ?? 0)
  return digits >>> 0
}

/** A limb of the magnitude. `lowest`: of a negative sum, its lowest limb that is not zero; else -1. */
function magnitude(limbs: Uint32Array, limb: number, lowest: number): number {
  const value = limbs[limb] ?? 0
  if (lowest < 0 || limb < lowest) return value
  return limb === lowest ? -value >>> 0 : ~value >>> 0
}
