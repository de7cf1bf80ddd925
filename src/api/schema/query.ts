import type { Static, TObject } from 'typebox'
import { assert } from '../../core/assert.ts'
import { hasAtMost } from '../../core/label.ts'
import { type Property, readSchema, type SchemaNode } from './json-schema.ts'

/** A problem of a parameter. Each dialect renders it in its vendor's format. */
export type Issue = {
  /** The name of the parameter. Inside a body, the path to the field: `balances.0.account_address`. */
  readonly parameter: string
  readonly problem: 'missing' | 'malformed' | 'out_of_range' | 'repeated' | 'too_many' | 'too_few'
  /** The type that the schema asks for. */
  readonly type: 'integer' | 'boolean' | 'string' | 'object' | 'array'
  /** The exceeded bound: of the value, or of the number of values. */
  readonly limit?: number
}

/** At least one parameter does not fit its schema. The error never holds the caller's values. */
export class ParameterError extends Error {
  override readonly name = 'ParameterError'
  readonly issues: readonly [Issue, ...Issue[]]

  constructor(issues: readonly [Issue, ...Issue[]]) {
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
    const [first, ...others] = issues
    if (first !== undefined) throw new ParameterError([first, ...others])
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
    case 'string':
      return (text, issues) => {
        const fits = fitsString(text, node)
        if (!fits) issues.push(malformed)
        return fits && node.lowerCase ? text.toLowerCase() : text
      }
    default:
      assert(false, `parameter ${name} has a type that queries do not support: ${node.kind}`)
  }
}

/** True if the text fits its schema. */
export function fitsString(text: string, node: SchemaNode & { kind: 'string' }): boolean {
  return (
    // JSON Schema counts characters (code points), not UTF-16 units.
    hasAtMost(text, node.maxLength) &&
    (node.minLength === 0 || !hasAtMost(text, node.minLength - 1)) &&
    (node.pattern === undefined || node.pattern.test(text)) &&
    (node.values === undefined || node.values.includes(text))
  )
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
  const low: Issue = { parameter: name, problem: 'out_of_range', type: 'integer', limit: node.minimum }
  const high: Issue = { parameter: name, problem: 'out_of_range', type: 'integer', limit: node.maximum }
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

/** Returns the type that an issue reports for a schema node. */
export function typeOf(node: SchemaNode): Issue['type'] {
  if (node.kind === 'array') return node.joins ? typeOf(node.items) : 'array'
  return node.kind === 'integer' || node.kind === 'boolean' || node.kind === 'object' ? node.kind : 'string'
}
