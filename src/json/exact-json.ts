import { ServiceError } from '../core/errors.ts'

/** A JSON number with its original text: `9007199254740993`, `1e2`, `-0.10`. It is never converted to a float. */
export class JsonNumber {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** A parsed JSON value. Objects are maps, so that keys such as `__proto__` have no effect. */
export type Json = null | boolean | string | JsonNumber | readonly Json[] | JsonObject
/** A JSON object. Numbers keep their digits. */
export type JsonObject = ReadonlyMap<string, Json>

/** Deepest nesting of arrays and objects. Our bodies are at most 3 deep, and each level costs a stack frame. */
const MAX_DEPTH = 32

/**
 * Parses JSON (RFC 8259) without loss: numbers keep their digits. It rejects a repeated key in an object, since parsers
 * disagree on the value that counts. It also rejects bytes that are not UTF-8 and nesting deeper than 32.
 * @throws BODY_NOT_JSON
 */
export function parseJson(bytes: Uint8Array): Json {
  return new JsonReader(decode(bytes)).read()
}

const UTF8 = new TextDecoder('utf-8', { fatal: true })

function decode(bytes: Uint8Array): string {
  try {
    return UTF8.decode(bytes)
  } catch {
    throw notJson()
  }
}

function notJson(): ServiceError {
  return new ServiceError('BODY_NOT_JSON', 'Body is not valid JSON')
}

const SPACE = /[ \t\n\r]*/y
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y
const WORD = /true|false|null/y

class JsonReader {
  readonly #text: string
  #at = 0
  #depth = 0

  constructor(text: string) {
    this.#text = text
  }

  read(): Json {
    const value = this.#value()
    this.#match(SPACE)
    if (this.#at !== this.#text.length) throw notJson()
    return value
  }

  #value(): Json {
    this.#match(SPACE)
    switch (this.#text[this.#at]) {
      case '{':
        return this.#nested(() => this.#object())
      case '[':
        return this.#nested(() => this.#array())
      case '"':
        return this.#string()
      case 't':
      case 'f':
      case 'n':
        return this.#word()
      default:
        return new JsonNumber(this.#match(NUMBER) || this.#fail())
    }
  }

  #nested<T>(read: () => T): T {
    this.#depth += 1
    if (this.#depth > MAX_DEPTH) throw new ServiceError('BODY_NOT_JSON', 'Body is nested too deeply')
    this.#at += 1
    const value = read()
    this.#depth -= 1
    return value
  }

  #object(): JsonObject {
    const entries = new Map<string, Json>()
    if (this.#takes('}')) return entries
    do {
      this.#match(SPACE)
      const key = this.#string()
      if (entries.has(key)) throw new ServiceError('BODY_NOT_JSON', 'Body has a key twice')
      if (!this.#takes(':')) this.#fail()
      entries.set(key, this.#value())
    } while (this.#takes(','))
    if (!this.#takes('}')) this.#fail()
    return entries
  }

  #array(): readonly Json[] {
    const items: Json[] = []
    if (this.#takes(']')) return items
    do items.push(this.#value())
    while (this.#takes(','))
    if (!this.#takes(']')) this.#fail()
    return items
  }

  /** Reads a string. It ends at the first unescaped quote, and `JSON.parse` decodes the text in between. */
  #string(): string {
    const text = this.#text
    const start = this.#at
    if (text[start] !== '"') this.#fail()
    let end = start + 1
    while (text[end] !== '"') {
      if (end >= text.length) this.#fail()
      end += text[end] === '\\' ? 2 : 1
    }
    this.#at = end + 1
    try {
      const value: unknown = JSON.parse(text.slice(start, this.#at))
      return typeof value === 'string' ? value : this.#fail()
    } catch {
      throw notJson()
    }
  }

  #word(): boolean | null {
    const word = this.#match(WORD) || this.#fail()
    return word === 'null' ? null : word === 'true'
  }

  /** Skips white space, and then this character if it comes next. Returns true if it did. */
  #takes(character: string): boolean {
    this.#match(SPACE)
    if (this.#text[this.#at] !== character) return false
    this.#at += 1
    return true
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0] ?? ''
    this.#at += found.length
    return found
  }

  #fail(): never {
    throw notJson()
  }
}

/**
 * Returns the same text for the same content, independent of key order and white space. Numbers keep their original
 * text.
 */
export function canonicalText(value: Json): string {
  return written(value, (entries) => [...entries].sort(([one], [other]) => (one < other ? -1 : 1)))
}

/** Returns a value as JSON text without white space. Keys keep their order, and numbers their original text. */
export function exactText(value: Json): string {
  return written(value, (entries) => [...entries])
}

type Entries = readonly (readonly [string, Json])[]

function written(value: Json, entriesOf: (object: JsonObject) => Entries): string {
  if (value instanceof JsonNumber) return value.text
  if (value instanceof Map) {
    const entries = entriesOf(value).map(([key, item]) => `${JSON.stringify(key)}:${written(item, entriesOf)}`)
    return `{${entries.join(',')}}`
  }
  return isList(value) ? `[${value.map((item) => written(item, entriesOf)).join(',')}]` : JSON.stringify(value)
}

/** True for an array. */
export function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}

/** A number with so many digits may not survive as a float. It may also stand in a text; then only time is lost. */
const LONG_NUMBER = /[:[,\s]-?\d{16}/

/**
 * Parses JSON to plain values. Integers that a float cannot hold become bigints; other numbers are numbers.
 * @throws SyntaxError, BODY_NOT_JSON
 */
export function parseExactly(text: string): unknown {
  return LONG_NUMBER.test(text) ? plain(parseJson(Buffer.from(text))) : JSON.parse(text)
}

function plain(value: Json): unknown {
  if (value instanceof JsonNumber) {
    const number = Number(value.text)
    return Number.isSafeInteger(number) || !/^-?\d+$/.test(value.text) ? number : BigInt(value.text)
  }
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [key, plain(item)]))
  return isList(value) ? value.map(plain) : value
}
