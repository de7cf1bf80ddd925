/** The size of a block's bloom (Yellow Paper, section 4.4.1): each address and topic of its logs sets three bits. */
const BITS = 2048
const BYTES = BITS / 8

/** The positions of a value's three bits, 0 to 2047, counted from the least significant. */
export type BloomBits = readonly [number, number, number]

/** Returns the bits of an address or topic (hex with `0x`), from its hash. */
export type BitsOf = (value: string) => BloomBits

/**
 * Returns the function that finds a value's bits. It loads the hash library on first use: that takes a fifth of a
 * second, and most chains never need it.
 */
export async function loadBitsOf(): Promise<BitsOf> {
  const { hexToBytes, isHex, keccak256 } = await import('viem/utils')
  return (value) => (isHex(value) ? bitsOfHash(keccak256(hexToBytes(value), 'bytes')) : [0, 0, 0])
}

function bitsOfHash(hash: Uint8Array): BloomBits {
  const bit = (at: number): number => (((hash[at] ?? 0) << 8) | (hash[at + 1] ?? 0)) % BITS
  return [bit(0), bit(2), bit(4)]
}

/** A block's bloom. It has no false negatives, but it has false positives. */
export class Bloom {
  /** The share of bits that are set, 0 to 1. */
  readonly fill: number
  readonly #bytes: Buffer

  /** `hex`: 512 hex digits with `0x`. */
  constructor(hex: string) {
    this.#bytes = Buffer.from(hex.slice(2), 'hex')
    let set = 0
    for (const byte of this.#bytes) set += SET_BITS[byte] ?? 0
    this.fill = set / BITS
  }

  /** False: no log of the block contains the value. */
  mayHold(bits: BloomBits): boolean {
    return bits.every((bit) => ((this.#bytes[BYTES - 1 - (bit >> 3)] ?? 0) & (1 << (bit & 7))) !== 0)
  }
}

const SET_BITS = Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll('0', '').length)
