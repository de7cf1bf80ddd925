import { grown } from '../../src/bulk/build/grown.ts'
import { assert } from '../../src/core/assert.ts'
import { MINT_AMOUNT } from '../chain/generator.ts'

/** What a transfer adds to a balance: `sign` times the amount of these upper and lower 32 bits; of a mint, its amount. */
export type Delta = { readonly sign: -1 | 0 | 1 | 'mint'; readonly high: number; readonly low: number }

/** A change of a pair, by the number of its transfer. */
type Change = { readonly index: number; readonly delta: Delta; readonly received: boolean }

/** What the columns of a pair must say. Transfers are by number. */
export type ExpectedPair = {
  readonly sum: bigint
  readonly met: number
  /** Not there if the account never received. */
  readonly received: number | undefined
  readonly last: number
  readonly changes: number
  /** Of all its changes, in order: see `mixChange`. */
  readonly hash: number
}

const NOTHING = 0xffff_ffff
const LOW = 2 ** 32
const FIRST_SLOTS = 1024

/** Adds a change to the hash of the changes before it. */
export function mixChange(hash: number, { index, delta }: Pick<Change, 'index' | 'delta'>): number {
  const sign = delta.sign === 'mint' ? 2 : delta.sign
  let mixed = Math.imul(hash ^ index, 0x85eb_ca6b) ^ Math.imul(sign + 3, 0x9e37_79b1)
  mixed = Math.imul(mixed ^ (mixed >>> 15) ^ delta.high, 0xc2b2_ae35)
  return Math.imul(mixed ^ (mixed >>> 13) ^ delta.low, 0x27d4_eb2f) | 0
}

/** The pairs of an account and a token that the transfers of a generated chain make, in some 60 bytes each. */
export class ExpectedPairs {
  readonly #tokens: number
  #size = 0
  /** 1 + account * tokens + token, by slot; 0: the slot is free. */
  #keys = new Float64Array(FIRST_SLOTS)
  #at = new Uint32Array(FIRST_SLOTS)
  // By the order in which the pairs were met:
  #pair = new Float64Array(FIRST_SLOTS)
  #mints = new Uint32Array(FIRST_SLOTS)
  #high = new Float64Array(FIRST_SLOTS)
  #low = new Float64Array(FIRST_SLOTS)
  #met = new Uint32Array(FIRST_SLOTS)
  #received = new Uint32Array(FIRST_SLOTS)
  #last = new Uint32Array(FIRST_SLOTS)
  #changes = new Uint32Array(FIRST_SLOTS)
  #hash = new Int32Array(FIRST_SLOTS)
  #seen = new Uint8Array(FIRST_SLOTS)

  /** `tokens`: how many the chain has. */
  constructor(tokens: number) {
    this.#tokens = tokens
  }

  get size(): number {
    return this.#size
  }

  /** Adds a change to a pair. Changes come in order. */
  add(account: number, token: number, change: Change): void {
    const { index, delta, received } = change
    const at = this.#place(account, token, index)
    if (delta.sign === 'mint') this.#mints[at] = (this.#mints[at] ?? 0) + 1
    else this.#move(at, delta.sign * delta.high, delta.sign * delta.low)
    if (received && this.#received[at] === NOTHING) this.#received[at] = index
    this.#last[at] = index
    this.#changes[at] = (this.#changes[at] ?? 0) + 1
    this.#hash[at] = mixChange(this.#hash[at] ?? 0, change)
  }

  /** The number of a pair; undefined if there is none. */
  find(account: number, token: number): number | undefined {
    const slot = this.#slot(account * this.#tokens + token)
    return this.#keys[slot] === 0 ? undefined : this.#at[slot]
  }

  /** What a pair must say, by its number. */
  read(at: number): ExpectedPair {
    const moved = BigInt(this.#high[at] ?? 0) * BigInt(LOW) + BigInt(this.#low[at] ?? 0)
    const received = this.#received[at] ?? NOTHING
    return {
      sum: BigInt(this.#mints[at] ?? 0) * MINT_AMOUNT + moved,
      ...{ met: this.#met[at] ?? 0, last: this.#last[at] ?? 0 },
      received: received === NOTHING ? undefined : received,
      ...{ changes: this.#changes[at] ?? 0, hash: this.#hash[at] ?? 0 },
    }
  }

  /** The account and the token of a pair, by its number. */
  nameOf(at: number): { readonly account: number; readonly token: number } {
    const pair = this.#pair[at] ?? 0
    return { account: Math.floor(pair / this.#tokens), token: pair % this.#tokens }
  }

  /** Notes that a pair was found. */
  see(at: number): void {
    this.#seen[at] = 1
  }

  /** The numbers of the pairs that were not found, and forgets which were. */
  *takeUnseen(): Iterable<number> {
    for (let at = 0; at < this.#size; at++) if (this.#seen[at] === 0) yield at
    this.#seen.fill(0)
  }

  #move(at: number, high: number, low: number): void {
    const sum = (this.#low[at] ?? 0) + low
    const carry = Math.trunc(sum / LOW)
    this.#low[at] = sum - carry * LOW
    const upper = (this.#high[at] ?? 0) + high + carry
    assert(Number.isSafeInteger(upper), 'the sum of a pair fits its two halves')
    this.#high[at] = upper
  }

  #place(account: number, token: number, index: number): number {
    const pair = account * this.#tokens + token
    const slot = this.#slot(pair)
    if (this.#keys[slot] !== 0) return this.#at[slot] ?? 0
    if (2 * this.#size >= this.#keys.length) {
      this.#grow()
      return this.#place(account, token, index)
    }
    const at = this.#size++
    this.#keys[slot] = pair + 1
    this.#at[slot] = at
    this.#pair[at] = pair
    this.#met[at] = index
    this.#received[at] = NOTHING
    return at
  }

  #slot(pair: number): number {
    const mask = this.#keys.length - 1
    let slot = Math.imul((pair % LOW) ^ Math.imul(Math.floor(pair / LOW), 0x9e37_79b1), 0x85eb_ca6b)
    slot = (slot ^ (slot >>> 15)) & mask
    while (this.#keys[slot] !== 0 && this.#keys[slot] !== pair + 1) slot = (slot + 1) & mask
    return slot
  }

  #grow(): void {
    const size = 2 * this.#keys.length
    this.#keys = new Float64Array(size)
    this.#at = new Uint32Array(size)
    this.#pair = grown(this.#pair, new Float64Array(size))
    this.#mints = grown(this.#mints, new Uint32Array(size))
    this.#high = grown(this.#high, new Float64Array(size))
    this.#low = grown(this.#low, new Float64Array(size))
    this.#met = grown(this.#met, new Uint32Array(size))
    this.#received = grown(this.#received, new Uint32Array(size))
    this.#last = grown(this.#last, new Uint32Array(size))
    this.#changes = grown(this.#changes, new Uint32Array(size))
    this.#hash = grown(this.#hash, new Int32Array(size))
    this.#seen = grown(this.#seen, new Uint8Array(size))
    for (let at = 0; at < this.#size; at++) {
      const slot = this.#slot(this.#pair[at] ?? 0)
      this.#keys[slot] = (this.#pair[at] ?? 0) + 1
      this.#at[slot] = at
    }
  }
}
