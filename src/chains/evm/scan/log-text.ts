import { EXACT_DIGITS, isHex, isSameWord, numberAt } from './hex-text.ts'
import { skipScalar, skipSpaces, skipString } from './json-text.ts'
import { Literal } from './literal.ts'

const QUOTE = 0x22
const COLON = 0x3a
const COMMA = 0x2c
const OPEN = 0x7b
const CLOSE = 0x7d
const OPEN_LIST = 0x5b
const CLOSE_LIST = 0x5d

/** The fields that we read, each with a bit. */
const ADDRESS = 1
const TOPICS = 2
const DATA = 4
const NUMBER = 8
const BLOCK_HASH = 16
const TRANSACTION_HASH = 32
const INDEX = 64
const REQUIRED = 127
const REMOVED = 128
const TIMESTAMP = 256
const OTHER = 0

const FIELDS: ReadonlyMap<string, number> = new Map([
  ['address', ADDRESS],
  ['topics', TOPICS],
  ['data', DATA],
  ['blockNumber', NUMBER],
  ['blockHash', BLOCK_HASH],
  ['transactionHash', TRANSACTION_HASH],
  ['logIndex', INDEX],
  ['removed', REMOVED],
  ['blockTimestamp', TIMESTAMP],
])

const TRUE = new Literal(Buffer.from('true'))
const FALSE = new Literal(Buffer.from('false'))
const NULL = new Literal(Buffer.from('null'))
const ADDRESS_DIGITS = 40
const WORD_DIGITS = 64
/** Bytes of a quote and `0x`. */
const PREFIX = 3
/** Most topics of a log. */
const MAX_TOPICS = 4
/** Most names of a log whose order is remembered. */
const MAX_NAMES = 32
/** Longest name that is remembered, with its quotes and what is behind it. */
const MAX_NAME = 64
/** Digits of data that events of fixed size have, for which its end need not be searched. */
const USUAL_DATA = [0, 64, 128]

/**
 * Where the fields of one log of an answer to eth_getLogs are in its text. Places are those of the first digit after `0x`.
 * Strings of a fixed length are stepped over unread: what uses a log reads them, or calls `isText`.
 */
export class LogText {
  text: Buffer = Buffer.alloc(0)
  /** The same bytes as the text. */
  view: DataView = new DataView(new ArrayBuffer(0))
  /** The log is from `start` to `end`. */
  start = 0
  end = 0
  number = 0
  index = 0
  /** -1: the log has none. */
  timestamp = -1
  blockHashAt = 0
  /** Logs in a row with the same text of the block's hash have the same number here. */
  hashRun = 0
  transactionHashAt = 0
  isRemoved = false
  /** True if the address, a topic or the data has another length than usual. Their places are then of no use. */
  isOdd = false
  addressAt = 0
  topics = 0
  readonly topicAt = new Int32Array(MAX_TOPICS)
  dataAt = 0
  dataDigits = 0
  /** The names of the log before this, in their order, each with what is between it and its value. */
  readonly #names: Name[] = []
  #nameIndex = 0
  #field = 0
  /** True if the value of the field is known to begin with a quote and `0x`. Otherwise it may too. */
  #hasPrefix = false

  /** Goes to another text. */
  begin(text: Buffer): void {
    this.text = text
    this.view = new DataView(text.buffer, text.byteOffset, text.length)
    this.blockHashAt = 0
  }

  /**
   * Reads the log that begins here. Returns the place behind it; -1 if it is not one in plain form, so that an ordinary
   * parser must read the answer.
   */
  read(start: number): number {
    const { text } = this
    if (text[start] !== OPEN) return -1
    this.start = start
    this.timestamp = -1
    this.isRemoved = false
    this.isOdd = false
    this.#nameIndex = 0
    let seen = 0
    for (let at = skipSpaces(text, start + 1); ; ) {
      at = this.#readName(at)
      if (at < 0) return -1
      const field = this.#field
      // Of a repeated field, the last one counts for an ordinary parser.
      if ((seen & field) !== 0) return -1
      seen |= field
      at = this.#readField(field, at)
      if (at < 0) return -1
      // Most answers have no spaces.
      if (text[at] === COMMA && text[at + 1] === QUOTE) {
        at++
        continue
      }
      at = skipSpaces(text, at)
      if (text[at] === COMMA) at = skipSpaces(text, at + 1)
      else if (text[at] === CLOSE) {
        this.end = at + 1
        return (seen & REQUIRED) === REQUIRED ? this.end : -1
      } else return -1
    }
  }

  /** True if all that was stepped over is what it should be. Otherwise an ordinary parser must read the answer. */
  isText(): boolean {
    const { view } = this
    if (!isHex(view, this.blockHashAt, WORD_DIGITS) || !isHex(view, this.transactionHashAt, WORD_DIGITS)) return false
    if (this.addressAt > 0 && !isHex(view, this.addressAt, ADDRESS_DIGITS)) return false
    for (let i = 0; i < Math.min(this.topics, MAX_TOPICS); i++) {
      const at = this.topicAt[i] ?? 0
      if (at > 0 && !isHex(view, at, WORD_DIGITS)) return false
    }
    return this.dataAt === 0 || isHex(view, this.dataAt, this.dataDigits)
  }

  /**
   * Reads a name to `#field`. Returns the place of its value. Names come in the same order in each log, so the one that
   * followed the last time is tried first.
   */
  #readName(start: number): number {
    const guess = this.#names[this.#nameIndex]
    if (guess?.literal.isAt(this.view, start) === true) {
      this.#field = guess.field
      this.#hasPrefix = guess.hasPrefix
      this.#nameIndex++
      return start + guess.length
    }
    const { text } = this
    const nameEnd = skipString(text, start)
    if (nameEnd < 0) return -1
    let at = skipSpaces(text, nameEnd)
    if (text[at] !== COLON) return -1
    at = skipSpaces(text, at + 1)
    const field = FIELDS.get(text.toString('latin1', start + 1, nameEnd - 1)) ?? OTHER
    this.#field = field
    this.#hasPrefix = isPrefix(text, at)
    if (this.#nameIndex < MAX_NAMES && at - start < MAX_NAME) {
      const hasPrefix = this.#hasPrefix
      const literal = new Literal(text.subarray(start, hasPrefix ? at + PREFIX : at))
      this.#names[this.#nameIndex++] = { literal, length: at - start, hasPrefix, field }
    }
    return at
  }

  #readField(field: number, at: number): number {
    const { text } = this
    switch (field) {
      case OTHER:
        return skipScalar(text, at)
      case ADDRESS:
        return this.#readAddress(at)
      case TOPICS:
        return this.#readTopics(at)
      case DATA:
        return this.#readData(at)
      case BLOCK_HASH:
        if (!this.#isFixed(at, WORD_DIGITS)) return -1
        // Logs of one block are adjacent: few hashes must be compared again.
        if (this.blockHashAt === 0 || !isSameWord(this.view, at + 3, this.blockHashAt)) this.hashRun++
        this.blockHashAt = at + 3
        return at + WORD_DIGITS + 4
      case TRANSACTION_HASH:
        this.transactionHashAt = at + 3
        return this.#isFixed(at, WORD_DIGITS) ? at + WORD_DIGITS + 4 : -1
      case REMOVED:
        if (FALSE.isAt(this.view, at)) return at + FALSE.length
        this.isRemoved = TRUE.isAt(this.view, at)
        return skipScalar(text, at)
      default:
        return this.#readNumber(field, at)
    }
  }

  /** True if here is a string of `0x` and as many characters. They are not read. */
  #isFixed(at: number, digits: number): boolean {
    return (this.#hasPrefix || isPrefix(this.text, at)) && this.text[at + PREFIX + digits] === QUOTE
  }

  #readAddress(at: number): number {
    if (this.#isFixed(at, ADDRESS_DIGITS)) {
      this.addressAt = at + 3
      return at + ADDRESS_DIGITS + 4
    }
    this.addressAt = 0
    this.isOdd = true
    return skipString(this.text, at)
  }

  #readTopics(at: number): number {
    const { text } = this
    this.topics = 0
    this.#hasPrefix = false
    if (text[at] !== OPEN_LIST) return -1
    at = skipSpaces(text, at + 1)
    if (text[at] === CLOSE_LIST) return at + 1
    for (;;) {
      const isUsual = this.#isFixed(at, WORD_DIGITS)
      if (!isUsual || this.topics >= MAX_TOPICS) this.isOdd = true
      if (this.topics < MAX_TOPICS) this.topicAt[this.topics] = isUsual ? at + 3 : 0
      // A topic too many is read here, since no place of it is kept.
      at = isUsual && this.topics < MAX_TOPICS ? at + WORD_DIGITS + 4 : skipString(text, at)
      if (at < 0) return -1
      this.topics++
      at = skipSpaces(text, at)
      if (text[at] === COMMA) at = skipSpaces(text, at + 1)
      else return text[at] === CLOSE_LIST ? at + 1 : -1
    }
  }

  #readData(at: number): number {
    const { text } = this
    this.dataAt = at + 3
    for (const digits of USUAL_DATA) {
      // A quote at that distance may be another string's, which is followed by something else.
      if (!this.#isFixed(at, digits) || !isAfterValue(text[at + digits + 4] ?? 0)) continue
      this.dataDigits = digits
      return at + digits + 4
    }
    const end = text[at] === QUOTE ? text.indexOf(QUOTE, at + 1) : -1
    if (end >= at + 3 && this.#isFixed(at, end - at - 3)) {
      this.dataDigits = end - at - 3
      return end + 1
    }
    this.dataAt = 0
    this.dataDigits = 0
    this.isOdd = true
    return skipString(text, at)
  }

  #readNumber(field: number, at: number): number {
    const { text } = this
    if (!this.#hasPrefix && !isPrefix(text, at)) {
      return field === TIMESTAMP && NULL.isAt(this.view, at) ? at + NULL.length : -1
    }
    const start = at + PREFIX
    let end = start
    while (text[end] !== QUOTE && end <= start + EXACT_DIGITS) end++
    const number = numberAt(text, start, end - start)
    if (number < 0) return -1
    if (field === NUMBER) this.number = number
    else if (field === INDEX) this.index = number
    else {
      // Times are compared as texts, so one time must have one text.
      if (!isCanonical(text, start, end)) return -1
      this.timestamp = number
    }
    return end + 1
  }
}

/** A name of a log. `literal`: all from its first quote to its value, and the quote and `0x` of that if it has them. */
type Name = {
  readonly literal: Literal
  /** Bytes from the first quote to the value. */
  readonly length: number
  readonly hasPrefix: boolean
  readonly field: number
}

/** True if a quote and `0x` are here. */
function isPrefix(text: Uint8Array, at: number): boolean {
  return text[at] === QUOTE && text[at + 1] === 0x30 && text[at + 2] === 0x78
}

/** True for a byte that can follow a value in an object. */
function isAfterValue(byte: number): boolean {
  return byte === COMMA || byte === CLOSE || byte <= 0x20
}

function isCanonical(text: Uint8Array, at: number, end: number): boolean {
  for (let i = at; i < end; i++) if ((text[i] ?? 0) >= 0x41 && (text[i] ?? 0) <= 0x46) return false
  return text[at] !== 0x30 || end === at + 1
}
