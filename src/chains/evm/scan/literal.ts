/** Bytes compared at once. */
const STEP = 8

/**
 * Fixed bytes of ASCII to look for in a text. They are compared eight at a time, as one floating-point number: no eight
 * characters of ASCII are NaN or zero, so two of those numbers are equal only if their bytes are.
 */
export class Literal {
  readonly length: number
  readonly #bytes: DataView
  /** Where the last step begins: some bytes may be compared twice. -1: there are fewer bytes than a step has. */
  readonly #last: number

  constructor(bytes: Uint8Array) {
    const own = Uint8Array.from(bytes)
    this.length = own.length
    this.#bytes = new DataView(own.buffer)
    this.#last = own.length < STEP ? -1 : own.length - STEP
  }

  /** True if the bytes are at this place. Bytes past the end of the text are never equal. */
  isAt(text: DataView, at: number): boolean {
    const bytes = this.#bytes
    const last = this.#last
    if (at + this.length > text.byteLength) return false
    if (last < 0) return this.#isShortAt(text, at)
    for (let place = 0; place < last; place += STEP) {
      if (text.getFloat64(at + place, true) !== bytes.getFloat64(place, true)) return false
    }
    return text.getFloat64(at + last, true) === bytes.getFloat64(last, true)
  }

  #isShortAt(text: DataView, at: number): boolean {
    const bytes = this.#bytes
    for (let place = 0; place < this.length; place++) {
      if (text.getInt8(at + place) !== bytes.getInt8(place)) return false
    }
    return true
  }
}
