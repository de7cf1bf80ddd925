/**
 * Reads a result from its bytes, without making a JSON value first. Gets the bytes of the whole answer and the place where
 * the result begins. Returns the value and the place behind the result; undefined: the result must be parsed as JSON. The
 * bytes may be used again afterwards, so the value must not refer to them.
 */
export type ReadResult = (bytes: Buffer, at: number) => { readonly value: unknown; readonly end: number } | undefined

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_LIST = 0x5b
const CLOSE_LIST = 0x5d
const OPEN = 0x7b
const CLOSE = 0x7d

/** Parses the JSON of an answer. Undefined if it is none. Ignores a byte order mark. */
export function parseJsonBytes(bytes: Buffer): unknown {
  const text = bytes.toString('utf8')
  return parse(text.startsWith('\uFEFF') ? text.slice(1) : text)
}

/**
 * As `parseJsonBytes`, of a JSON-RPC answer or a batch of them. A `result` that is a list is read by `read`, if that can. What
 * is not in the plain form of such answers is parsed whole.
 */
export function parseAnswerBytes(bytes: Buffer, read: ReadResult): unknown {
  const reader = new AnswerReader(bytes, read)
  const answer = reader.readAnswer()
  return answer === undefined ? parseJsonBytes(bytes) : answer
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

type Entry = Readonly<Record<string, unknown>>

/** Reads answers at a place that moves. Each method returns undefined for what it does not know. */
class AnswerReader {
  readonly #bytes: Buffer
  readonly #read: ReadResult
  #at = 0

  constructor(bytes: Buffer, read: ReadResult) {
    this.#bytes = bytes
    this.#read = read
  }

  readAnswer(): Entry | readonly Entry[] | undefined {
    const answer = this.#peek() === OPEN_LIST ? this.#readBatch() : this.#readEntry()
    return this.#peek() === undefined ? answer : undefined
  }

  #readBatch(): readonly Entry[] | undefined {
    const entries: Entry[] = []
    this.#at++
    for (;;) {
      const entry = this.#readEntry()
      if (entry === undefined) return undefined
      entries.push(entry)
      const next = this.#peek()
      this.#at++
      if (next === CLOSE_LIST) return entries
      if (next !== COMMA) return undefined
    }
  }

  #readEntry(): Entry | undefined {
    if (this.#peek() !== OPEN) return undefined
    this.#at++
    const fields = new Map<string, unknown>()
    for (;;) {
      if (this.#peek() !== QUOTE) return undefined
      const name = this.#parseValue()
      if (typeof name !== 'string' || fields.has(name) || this.#peek() !== COLON) return undefined
      this.#at++
      const value = name === 'result' && this.#peek() === OPEN_LIST ? this.#readResult() : this.#parseValue()
      if (value === undefined) return undefined
      fields.set(name, value)
      const next = this.#peek()
      this.#at++
      if (next === CLOSE) return Object.fromEntries(fields)
      if (next !== COMMA) return undefined
    }
  }

  #readResult(): unknown {
    const read = this.#read(this.#bytes, this.#at)
    if (read === undefined) return this.#parseValue()
    this.#at = read.end
    return read.value
  }

  #parseValue(): unknown {
    this.#peek()
    const start = this.#at
    this.#skipValue()
    return parse(this.#bytes.toString('utf8', start, this.#at))
  }

  /** Goes behind a value. If it is not JSON, to anywhere: the parser of the value tells. */
  #skipValue(): void {
    const bytes = this.#bytes
    let depth = 0
    for (; this.#at < bytes.length; this.#at++) {
      const byte = bytes[this.#at] ?? 0
      if (byte === QUOTE) this.#at = stringEnd(bytes, this.#at)
      else if (byte === OPEN || byte === OPEN_LIST) depth++
      else if (byte === CLOSE || byte === CLOSE_LIST) depth--
      else if (depth > 0 || !isSeparator(byte)) continue
      if (depth < 0 || (depth === 0 && isSeparator(byte))) return
      if (depth === 0) {
        this.#at++
        return
      }
    }
  }

  /** The byte of the next token; undefined at the end. */
  #peek(): number | undefined {
    while (isSpace(this.#bytes[this.#at] ?? 0)) this.#at++
    return this.#bytes[this.#at]
  }
}

/** Returns the place of the quote that ends a string. */
function stringEnd(bytes: Buffer, start: number): number {
  for (let at = start + 1; ; at++) {
    const byte = bytes[at]
    if (byte === undefined || byte === QUOTE) return at
    if (byte === BACKSLASH) at++
  }
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}

function isSeparator(byte: number): boolean {
  return byte === COMMA || byte === COLON || isSpace(byte)
}
