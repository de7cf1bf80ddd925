import { assert } from '../../core/assert.ts'
import { readSchema, type SchemaNode } from './json-schema.ts'

/** Writes a value as JSON text. */
export type Write = (value: unknown) => string

/**
 * Returns a writer of answers for the schema of a route. Integers may be bigint. Exact numbers are decimal text, and
 * their digits are copied: no exponent, no rounding, any size. Keys outside the schema are left out, and optional keys
 * that are undefined are absent. The writer throws AssertionError if the value does not fit, which is a bug.
 */
export function compileSerialiser(schema: unknown): Write {
  return compile(readSchema(schema), '$')
}

function compile(node: SchemaNode, path: string): Write {
  switch (node.kind) {
    case 'object':
      return compileObject(node, path)
    case 'array':
      return compileArray(node, path)
    case 'string':
      return (value) => {
        if (typeof value !== 'string') misfit(path, 'text', value)
        return quote(value)
      }
    case 'integer':
      return (value) => {
        if (typeof value === 'number' && Number.isSafeInteger(value)) return integerText(value)
        if (typeof value !== 'bigint') misfit(path, 'an integer', value)
        return value.toString()
      }
    case 'number':
      return (value) => {
        const text = typeof value === 'number' ? `${value}` : ''
        if (!PLAIN_NUMBER.test(text)) misfit(path, 'a plain number', value)
        return text
      }
    case 'exact':
      return (value) => {
        if (typeof value !== 'string' || !PLAIN_NUMBER.test(value)) misfit(path, 'decimal text', value)
        return value
      }
    case 'boolean':
      return (value) => {
        if (typeof value !== 'boolean') misfit(path, 'a boolean', value)
        return value ? 'true' : 'false'
      }
    case 'null':
      return (value) => {
        if (value !== null) misfit(path, 'null', value)
        return 'null'
      }
    case 'union':
      return compileUnion(node, path)
    case 'big':
      return (value) => {
        if (typeof value !== 'bigint') misfit(path, 'a bigint', value)
        return value.toString()
      }
    case 'text':
      return (value) => {
        if (typeof value !== 'string') misfit(path, 'JSON text', value)
        return value
      }
    case 'json':
      assert(false, `an answer must have a schema: ${path}`)
  }
}

/** V8 writes a number above 32 bits as a fraction is written, which takes twice as long as the digits of a bigint. */
function integerText(value: number): string {
  return value === (value | 0) ? `${value}` : BigInt(value).toString()
}

/** A JSON number without an exponent (RFC 8259, section 6). */
const PLAIN_NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$/

/**
 * Characters that JSON escapes, the other control characters, and surrogates. The pattern matches code units, since
 * that is faster.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for.
const ESCAPED = /["\\\u0000-\u001f\u007f-\u009f\ud800-\udfff]/

function quote(text: string): string {
  return ESCAPED.test(text) ? JSON.stringify(text) : `"${text}"`
}

/** An object that is already JSON text, made by a writer of its schema. It is copied unchanged. */
export class WrittenObject {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** A key of an object and the writer of its value. */
export type Field = {
  readonly name: string
  readonly required: boolean
  /** The key with what comes before it: at the beginning of the object, and after another key. */
  readonly first: string
  readonly next: string
  readonly write: Write
}

/** Returns the writers of an object's keys, in the order of its schema. */
export function compileFields(node: SchemaNode & { kind: 'object' }, path: string): readonly Field[] {
  return node.properties.map((property) => ({
    name: property.name,
    required: property.required,
    first: `{${JSON.stringify(property.name)}:`,
    next: `,${JSON.stringify(property.name)}:`,
    write: compile(property.node, `${path}.${property.name}`),
  }))
}

function compileObject(node: SchemaNode & { kind: 'object' }, path: string): Write {
  const fields = compileFields(node, path)
  const known = new Set(fields.map((field) => field.name))
  const rest = node.rest === undefined ? undefined : compile(node.rest, `${path}.*`)
  return (value) => {
    if (value instanceof WrittenObject) return value.text
    if (!isObject(value)) misfit(path, 'an object', value)
    let text = ''
    for (let index = 0; index < fields.length; index++) {
      const field = fields[index]
      if (field === undefined) break
      const item = value[field.name]
      if (item === undefined && !field.required) continue
      // Few pieces: a long answer is joined from all of them at its end.
      text += text === '' ? field.first : field.next
      text += field.write(item)
    }
    if (rest !== undefined) {
      for (const [name, item] of Object.entries(value)) {
        if (!known.has(name)) text += `${text === '' ? '{' : ','}${JSON.stringify(name)}:${rest(item)}`
      }
    }
    return text === '' ? '{}' : `${text}}`
  }
}

function compileArray(node: SchemaNode & { kind: 'array' }, path: string): Write {
  const write = compile(node.items, `${path}[]`)
  return (value) => {
    if (!Array.isArray(value)) misfit(path, 'an array', value)
    let text = ''
    for (let index = 0; index < value.length; index++) text += (index === 0 ? '' : ',') + write(value[index])
    return `[${text}]`
  }
}

/** True if the writer of a variant rejects all that the variant does not accept, so that nothing need be asked before. */
function rejectsMisfits(node: SchemaNode): boolean {
  if (node.kind === 'string') return node.values === undefined
  return node.kind === 'exact' || node.kind === 'integer' || node.kind === 'boolean'
}

function compileUnion(node: SchemaNode & { kind: 'union' }, path: string): Write {
  const [first, second, ...others] = node.variants
  if (first !== undefined && second?.kind === 'null' && others.length === 0 && rejectsMisfits(first)) {
    const write = compile(first, path)
    return (value) => (value === null ? 'null' : write(value))
  }
  const variants = node.variants.map((variant) => ({
    accepts: (value: unknown) => accepts(variant, value),
    write: compile(variant, path),
  }))
  return (value) => {
    for (const variant of variants) if (variant.accepts(value)) return variant.write(value)
    misfit(path, 'one of the union', value)
  }
}

/** True if a value fits a variant of a union, judged only by its JSON type. The first variant that fits wins. */
function accepts(node: SchemaNode, value: unknown): boolean {
  switch (node.kind) {
    case 'object':
      return isObject(value) && !Array.isArray(value)
    case 'array':
      return Array.isArray(value)
    case 'exact':
      return typeof value === 'string' && PLAIN_NUMBER.test(value)
    case 'string':
      return typeof value === 'string' && (node.values === undefined || node.values.includes(value))
    case 'big':
      return typeof value === 'bigint'
    case 'text':
      return typeof value === 'string'
    case 'integer':
      return typeof value === 'bigint' || Number.isSafeInteger(value)
    case 'number':
      return typeof value === 'number'
    case 'boolean':
      return typeof value === 'boolean'
    case 'null':
      return value === null
    case 'union':
      return node.variants.some((variant) => accepts(variant, value))
    case 'json':
      return false
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function misfit(path: string, expected: string, value: unknown): never {
  assert(
    false,
    `the answer does not fit its schema: ${path} is ${value === null ? 'null' : typeof value}, not ${expected}`,
  )
}
