import { ServiceError } from '../core/errors.ts'

/** A JSON number as it was written: `9007199254740993`, `1e2`, `-0.10`. No float ever stands for it. */
export class JsonNumber {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** What a JSON text says. Objects are maps, so that no key of a caller's is more than a key. */
export type Json = null | boolean | string | JsonNumber | readonly Json[] | JsonObject
export type JsonObject = ReadonlyMap<string, Json>

/** Deepest nesting of arrays and objects: no body of ours is deeper than 3, and each level costs a frame of the stack. */
const MAX_DEPTH = 32

/**
 * Reads JSON (RFC 8259) without loss: numbers keep their digits. A key that stands twice in an object is refused, since
 * two readers may disagree on which one holds; so are bytes that are no UTF-8, and nesting deeper than 32.
 * @throws BAD_REQUEST
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
  return new ServiceError('BAD_REQUEST', 'Body is not valid JSON')
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
    if (this.#depth > MAX_DEPTH) throw new ServiceError('BAD_REQUEST', 'Body is nested too deeply')
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
      if (entries.has(key)) throw new ServiceError('BAD_REQUEST', 'Body has a key twice')
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

  /** The end is the first quote after an even number of backslashes; what stands between is the engine's to decode. */
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

  /** Passes over space, then over this character where it is next. */
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
 * The same text for the same content, however its keys are ordered and its space is set; numbers are compared as they
 * were written.
 */
export function canonicalText(value: Json): string {
  if (value instanceof JsonNumber) return value.text
  if (value instanceof Map) {
    const entries = [...value].sort(([one], [other]) => (one < other ? -1 : 1))
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalText(item)}`).join(',')}}`
  }
  return isList(value) ? `[${value.map(canonicalText).join(',')}]` : JSON.stringify(value)
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}
