import type { Static, TObject } from 'typebox'
import { assert } from '../../core/assert.ts'
import { hasAtMost } from '../../core/label.ts'
import { type Property, readSchema, type SchemaNode } from './json-schema.ts'
import { canonicalUuid } from './uuid.ts'

/** A problem of a parameter. Each dialect renders it in its vendor's format. */
export type Issue = {
  /** The name of the parameter. Inside a body, the path to the field: `balances.0.account_address`. */
  readonly parameter: string
  readonly problem: 'missing' | 'malformed' | 'out_of_range' | 'repeated' | 'too_many' | 'too_few'
  /** The type that the schema asks for. */
  readonly type: 'integer' | 'boolean' | 'string' | 'object' | 'array'
  /** The exceeded bound: of the value, or of the number of values. */
  readonly limit?: number
  /** With `out_of_range`: which bound of the value is exceeded. */
  readonly bound?: 'minimum' | 'maximum'
  /** With `malformed` text: what it breaks. */
  readonly rule?: TextRule
  /** The part of the request that has the parameter. */
  readonly part?: RequestPart
}

/** A part of a request with parameters. */
export type RequestPart = 'path' | 'query' | 'body'

/**
 * What malformed text breaks: a bound of its length, the format or pattern of its schema, or the list of its values.
 * `value`: a rule that no schema has; `type` is the vendor's name of it, and `says` a sentence.
 */
export type TextRule =
  | { readonly is: 'longest' | 'shortest'; readonly characters: number }
  | { readonly is: 'uuid' }
  | { readonly is: 'pattern'; readonly pattern: string }
  | { readonly is: 'values'; readonly values: readonly string[] }
  | { readonly is: 'value'; readonly type: string; readonly says: string }

/** At least one parameter does not fit its schema. The error never holds the caller's values. */
export class ParameterError extends Error {
  override readonly name = 'ParameterError'
  readonly issues: readonly Issue[]

  constructor(issues: readonly Issue[]) {
    assert(issues.length > 0, 'an error of parameters has an issue')
    super('parameters do not fit their schema')
    this.issues = issues
  }
}

/**
 * A query as Fastify's query parser returns it: an object without prototype, with one text or several for each name.
 */
export type RawQuery = Readonly<Record<string, string | readonly string[] | undefined>>

/**
 * Returns a parser of queries for the schema of a route. Integers are `-?[0-9]+`; booleans are true, false, 1 or 0 in
 * any case; an empty value counts as missing; unknown parameters are ignored; a repeated parameter is an issue unless
 * its schema joins. If the schema sets no bound, an integer above 2^53-1 becomes 2^53-1. The parser throws
 * ParameterError with the issues in the order of the schema.
 */
export function compileQuery<Schema extends TObject>(schema: Schema): (query: RawQuery) => Static<Schema> {
  const node = readSchema(schema)
  assert(node.kind === 'object', 'a query schema must be an object')
  const fields = node.properties.map(compileField)
  return (query) => {
    const issues: Issue[] = []
    const value: Record<string, unknown> = {}
    for (const field of fields) {
      const read = field.read(query[field.name], issues)
      if (read !== undefined) value[field.name] = read
    }
    if (issues.length > 0) throw new ParameterError(issues)
    // The fields come from this schema, so their values have its type.
    return value as Static<Schema>
  }
}

type Read = (raw: string | readonly string[] | undefined, issues: Issue[]) => unknown
type ReadText = (text: string, issues: Issue[]) => unknown

function compileField(property: Property): { readonly name: string; readonly read: Read } {
  const { name, node, fallback } = property
  const missing: Issue = { parameter: name, problem: 'missing', type: typeOf(node) }
  const repeated: Issue = { parameter: name, problem: 'repeated', type: typeOf(node) }
  const absent = (issues: Issue[]): unknown => {
    if (fallback === undefined && property.required) issues.push(missing)
    return fallback
  }
  if (node.kind === 'array') {
    const readList = compileList(name, node)
    return {
      name,
      read: (raw, issues) => {
        const list = raw === undefined ? [] : readList(raw, issues)
        return list.length === 0 ? absent(issues) : list
      },
    }
  }
  const readText = compileText(name, node)
  return {
    name,
    read: (raw, issues) => {
      if (raw === undefined || raw === '') return absent(issues)
      if (typeof raw === 'string') return readText(raw, issues)
      issues.push(repeated)
      return undefined
    },
  }
}

/** Splits at commas, joins repetitions, trims, drops empty items and repeated values, and stops at the first bad item. */
function compileList(
  name: string,
  node: SchemaNode & { kind: 'array' },
): (raw: string | readonly string[], issues: Issue[]) => unknown[] {
  assert(node.joins, `parameter ${name} is a list that does not join`)
  const readItem = compileText(name, node.items)
  return (raw, issues) => {
    const found = issues.length
    const values = new Set<unknown>()
    for (const item of (typeof raw === 'string' ? raw : raw.join(',')).split(',')) {
      const text = item.trim()
      if (text === '') continue
      values.add(readItem(text, issues))
      if (issues.length > found) return [undefined]
    }
    if (node.maxItems !== undefined && values.size > node.maxItems) {
      issues.push({ parameter: name, problem: 'too_many', type: typeOf(node.items), limit: node.maxItems })
    }
    return [...values]
  }
}

function compileText(name: string, node: SchemaNode): ReadText {
  const malformed: Issue = { parameter: name, problem: 'malformed', type: typeOf(node) }
  switch (node.kind) {
    case 'integer':
      return compileInteger(name, node)
    case 'boolean':
      return (text, issues) => {
        const value = readBoolean(text)
        if (value === undefined) issues.push(malformed)
        return value
      }
    case 'big':
      return compileBig(name, node)
    case 'string':
      return (text, issues) => {
        const rule = brokenRule(text, node)
        if (rule !== undefined) issues.push({ ...malformed, rule })
        return canonicalText(text, node)
      }
    default:
      assert(false, `parameter ${name} has a type that queries do not support: ${node.kind}`)
  }
}

/** Returns what the text breaks of its schema; undefined if it fits. */
export function brokenRule(text: string, node: SchemaNode & { kind: 'string' }): TextRule | undefined {
  const { minLength, maxLength, pattern, values, format } = node
  // JSON Schema counts characters (code points), not UTF-16 units.
  if (!hasAtMost(text, maxLength)) return { is: 'longest', characters: maxLength }
  if (minLength > 0 && hasAtMost(text, minLength - 1)) return { is: 'shortest', characters: minLength }
  if (pattern?.test(text) === false) return { is: 'pattern', pattern: pattern.source }
  if (values?.includes(text) === false) return { is: 'values', values }
  return format === 'uuid' && canonicalUuid(text) === undefined ? { is: 'uuid' } : undefined
}

/** Returns text that fits its schema in the schema's canonical form. Other text stays as it is. */
export function canonicalText(text: string, node: SchemaNode & { kind: 'string' }): string {
  if (node.format === 'uuid') return canonicalUuid(text) ?? text
  return node.lowerCase ? text.toLowerCase() : text
}

/** Returns the boolean of true, false, 1 or 0 in any case, or undefined for other text. */
export function readBoolean(text: string): boolean | undefined {
  return text.length <= 5 ? BOOLEANS.get(text.toLowerCase()) : undefined
}

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
])

/** The format of an integer: no exponent, no decimal point, no plus sign. */
export const INTEGER = /^-?[0-9]+$/

function compileInteger(name: string, node: SchemaNode & { kind: 'integer' }): ReadText {
  const malformed: Issue = { parameter: name, problem: 'malformed', type: 'integer' }
  const low: Issue = { ...malformed, problem: 'out_of_range', limit: node.minimum, bound: 'minimum' }
  const high: Issue = { ...malformed, problem: 'out_of_range', limit: node.maximum, bound: 'maximum' }
  return (text, issues) => {
    if (!INTEGER.test(text)) {
      issues.push(malformed)
      return undefined
    }
    const value = Number(text)
    if (value < node.minimum) issues.push(low)
    else if (value > node.maximum && node.bounded) issues.push(high)
    return Math.min(value, Number.MAX_SAFE_INTEGER) + 0
  }
}

function compileBig(name: string, node: SchemaNode & { kind: 'big' }): ReadText {
  const malformed: Issue = { parameter: name, problem: 'malformed', type: 'integer' }
  const low: Issue = { ...malformed, problem: 'out_of_range', limit: Number(node.minimum), bound: 'minimum' }
  const high: Issue = { ...malformed, problem: 'out_of_range', limit: Number(node.maximum), bound: 'maximum' }
  return (text, issues) => {
    if (!INTEGER.test(text)) {
      issues.push(malformed)
      return undefined
    }
    const value = BigInt(text)
    if (value < node.minimum) issues.push(low)
    else if (value > node.maximum) issues.push(high)
    return value
  }
}

/** Returns the type that an issue reports for a schema node. */
export function typeOf(node: SchemaNode): Issue['type'] {
  if (node.kind === 'array') return node.joins ? typeOf(node.items) : 'array'
  if (node.kind === 'big') return 'integer'
  return node.kind === 'integer' || node.kind === 'boolean' || node.kind === 'object' ? node.kind : 'string'
}
