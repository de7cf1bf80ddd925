/** The value of a hex digit's byte; 255 for any other byte. */
const DIGITS = new Uint8Array(256).fill(255)
for (const [value, digit] of [...'0123456789abcdef'].entries()) {
  DIGITS[digit.charCodeAt(0)] = value
  DIGITS[digit.toUpperCase().charCodeAt(0)] = value
}

/** What a pair of bytes that are not both hex digits has in `PAIRS`. */
const NO_PAIR = 0xff00
/** The byte that two digits write, by their two bytes, the first of them in the lower half. */
const PAIRS = new Uint16Array(65_536).fill(NO_PAIR)
for (let pair = 0; pair < PAIRS.length; pair++) {
  const high = DIGITS[pair & 255] ?? 255
  const low = DIGITS[pair >> 8] ?? 255
  if ((high | low) < 16) PAIRS[pair] = (high << 4) | low
}

const ZERO = 0x30
const FOUR_ZEROS = 0x30303030
const PADDING_DIGITS = 24
const ADDRESS_DIGITS = 40
const WORD_DIGITS = 64

/** True if there are this many hex digits, all of them inside the text. */
export function isHex(text: DataView, at: number, digits: number): boolean {
  let all = 0
  const end = at + digits
  for (; at + 1 < end; at += 2) all |= PAIRS[text.getUint16(at, true)] ?? NO_PAIR
  if (at < end) all |= (DIGITS[text.getUint8(at)] ?? 255) > 15 ? NO_PAIR : 0
  return all < NO_PAIR
}

/** True if the words of 64 digits at two places of a text are the same bytes. Both are inside the text. */
export function isSameWord(text: DataView, a: number, b: number): boolean {
  for (let place = 0; place < WORD_DIGITS; place += 4) {
    if (text.getInt32(a + place) !== text.getInt32(b + place)) return false
  }
  return true
}

/** The first byte of zero, as the store encodes amounts: the number of bytes is added. */
const ENCODED_ZERO = 0x80

/** Writes bytes of hex digits, at a place that moves with them. The digits must be inside their text. */
export class HexWriter {
  bytes: Uint8Array
  at = 0

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  /** Writes this many bytes. Returns false if there are fewer digits. */
  write(text: DataView, at: number, count: number): boolean {
    const { bytes } = this
    const start = this.at
    let all = 0
    for (let i = 0; i < count; i++) {
      const pair = PAIRS[text.getUint16(at + 2 * i, true)] ?? NO_PAIR
      all |= pair
      bytes[start + i] = pair
    }
    this.at = start + count
    return all < NO_PAIR
  }

  /** Writes an account of the digits of a topic, or nothing for the zero address. Returns false if it is no address. */
  writeAccount(text: DataView, at: number): boolean {
    if (!areZeros(text, at, PADDING_DIGITS)) return false
    const digits = at + PADDING_DIGITS
    return areZeros(text, digits, ADDRESS_DIGITS) || this.write(text, digits, ADDRESS_DIGITS / 2)
  }

  /** Writes a word of 64 digits as the store encodes an amount. Returns false if it is no word. */
  writeAmount(text: DataView, at: number): boolean {
    let zeros = 0
    while (zeros < WORD_DIGITS && text.getInt32(at + zeros) === FOUR_ZEROS) zeros += 4
    while (zeros < WORD_DIGITS && text.getUint8(at + zeros) === ZERO) zeros++
    zeros -= zeros % 2
    const count = (WORD_DIGITS - zeros) / 2
    this.bytes[this.at++] = ENCODED_ZERO + count
    return this.write(text, at + zeros, count)
  }
}

/** True if there are this many zeros. `digits`: a multiple of four. */
function areZeros(text: DataView, at: number, digits: number): boolean {
  for (let place = 0; place < digits; place += 4) if (text.getInt32(at + place) !== FOUR_ZEROS) return false
  return true
}

/** Most digits of a number that is read: it is exact. */
export const EXACT_DIGITS = 13

/** Digits of a number that fits 31 bits. */
const SMALL_DIGITS = 7

/** Returns the number that these digits write; -1 if they are none, or too many to be exact. */
export function numberAt(text: Uint8Array, at: number, digits: number): number {
  if (digits === 0 || digits > EXACT_DIGITS) return -1
  const end = at + digits
  const smallEnd = Math.min(end, at + SMALL_DIGITS)
  let all = 0
  let small = 0
  for (; at < smallEnd; at++) {
    const digit = DIGITS[text[at] ?? 0] ?? 255
    all |= digit
    small = (small << 4) | digit
  }
  let number = small
  for (; at < end; at++) {
    const digit = DIGITS[text[at] ?? 0] ?? 255
    all |= digit
    number = number * 16 + digit
  }
  return all > 15 ? -1 : number
}

/** Returns a word as a number; -1 if it is greater than any offset or length in data. */
export function smallWordAt(text: Uint8Array, at: number): number {
  for (let i = 0; i < WORD_DIGITS - EXACT_DIGITS; i++) if (text[at + i] !== ZERO) return -1
  return numberAt(text, at + WORD_DIGITS - EXACT_DIGITS, EXACT_DIGITS)
}
