import type { AssetDictionary } from '../../../bulk/raw-log/asset-dictionary.ts'
import { HexWriter } from './hex-text.ts'

const ADDRESS_DIGITS = 40
/** Words of four digits of an address. */
const WORDS = ADDRESS_DIGITS / 4
/** Contracts that are remembered. A busy chain's answer has some thousand, most of its logs by few of them. */
const SLOTS = 1024
const FIBONACCI = 0x9e3779b1

/**
 * Finds the indexes of contracts in a dictionary by the texts of their addresses. The last contract of each slot is
 * remembered, so that the address of a busy one is neither decoded nor looked up again.
 */
export class ContractIndexes {
  readonly #assets: AssetDictionary
  readonly #texts = new Int32Array(SLOTS * WORDS)
  readonly #standards = new Uint8Array(SLOTS)
  /** Index + 1 of the contract in each slot; 0: none. */
  readonly #indexes = new Int32Array(SLOTS)
  readonly #address = new HexWriter(Buffer.alloc(ADDRESS_DIGITS / 2))

  constructor(assets: AssetDictionary) {
    this.#assets = assets
  }

  /** Forgets all. */
  clear(): void {
    this.#indexes.fill(0)
  }

  /** Returns the index of the asset of a standard whose contract has this address. -1: it is no address. */
  indexAt(text: DataView, at: number, standard: number): number {
    // The first digits of addresses can be chosen, and the last ones too: then a slot is only of no use.
    const mixed = Math.imul(text.getInt32(at) ^ Math.imul(text.getInt32(at + 8), 31), FIBONACCI)
    const slot = (mixed >>> 16) & (SLOTS - 1)
    const known = this.#indexes[slot] ?? 0
    if (known !== 0 && this.#standards[slot] === standard && this.#isIn(slot, text, at)) return known - 1
    const address = this.#address
    address.at = 0
    if (!address.write(text, at, ADDRESS_DIGITS / 2)) return -1
    const index = this.#assets.indexOfBytes(standard, address.bytes)
    for (let word = 0; word < WORDS; word++) this.#texts[slot * WORDS + word] = text.getInt32(at + 4 * word)
    this.#standards[slot] = standard
    this.#indexes[slot] = index + 1
    return index
  }

  #isIn(slot: number, text: DataView, at: number): boolean {
    const texts = this.#texts
    for (let word = 0; word < WORDS; word++) {
      if (texts[slot * WORDS + word] !== text.getInt32(at + 4 * word)) return false
    }
    return true
  }
}
