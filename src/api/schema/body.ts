import type { Static, TObject } from 'typebox'
import { assert } from '../../core/assert.ts'
import { ServiceError } from '../../core/errors.ts'
import { type Json, JsonNumber } from '../../json/exact-json.ts'
import { type Property, readSchema, type SchemaNode } from './json-schema.ts'
import { fitsString, INTEGER, type Issue, ParameterError, readBoolean, typeOf } from './query.ts'

/**
 * Returns a parser of JSON bodies for the schema of a route. Fields are texts, integers and booleans. `null` means
 * absent, and unknown keys are ignored. Integers are JSON numbers written as `-?[0-9]+`, never text. Booleans are true
 * and false, also as text, or 1 and 0. A missing body is an empty object. The parser throws ParameterError with the
 * issues in the order of the schema, and BAD_REQUEST if the body is not an object.
 */
export function compileBody<Schema extends TObject>(schema: Schema): (body: Json | undefined) => Static<Schema> {
  const node = readSchema(schema)
  assert(node.kind === 'object', 'a body schema must be an object')
  const fields = node.properties.map(compileField)
  return (body = new Map()) => {
    if (!(body instanceof Map)) throw new ServiceError('BAD_REQUEST', 'Body is not a JSON object')
    const issues: Issue[] = []
    const value: Record<string, unknown> = {}
    for (const field of fields) {
      const read = field.read(body.get(field.name), issues)
      if (read !== undefined) value[field.name] = read
    }
    const [first, ...others] = issues
    if (first !== undefined) throw new ParameterError([first, ...others])
    // The fields come from this schema, so their values have its type.
    return value as Static<Schema>
  }
}

type Read = (given: Json | undefined, issues: Issue[]) => unknown

function compileField({ name, node, required, fallback }: Property): { readonly name: string; readonly read: Read } {
  const missing: Issue = { parameter: name, problem: 'missing', type: typeOf(node) }
  const readValue = compileValue(name, node)
  return {
    name,
    read: (given, issues) => {
      if (given !== undefined && given !== null) return readValue(given, issues)
      if (fallback === undefined && required) issues.push(missing)
      return fallback
    },
  }
}

function compileValue(name: string, node: SchemaNode): (given: Json, issues: Issue[]) => unknown {
  const malformed: Issue = { parameter: name, problem: 'malformed', type: typeOf(node) }
  switch (node.kind) {
    case 'string':
      return (given, issues) => {
        if (typeof given === 'string' && fitsString(given, node)) return given
        issues.push(malformed)
        return undefined
      }
    case 'integer':
      return compileInteger(name, node)
    case 'boolean':
      return (given, issues) => {
        const text = given instanceof JsonNumber ? given.text : given
        const value = typeof text === 'string' ? readBoolean(text) : text
        if (typeof value === 'boolean') return value
        issues.push(malformed)
        return undefined
      }
    default:
      assert(false, `field ${name} has a type that bodies do not support: ${node.kind}`)
  }
}

function compileInteger(
  name: string,
  node: SchemaNode & { kind: 'integer' },
): (given: Json, issues: Issue[]) => number | undefined {
  const malformed: Issue = { parameter: name, problem: 'malformed', type: 'integer' }
  const low: Issue = { parameter: name, problem: 'out_of_range', type: 'integer', limit: node.minimum }
  const high: Issue = { parameter: name, problem: 'out_of_range', type: 'integer', limit: node.maximum }
  return (given, issues) => {
    if (!(given instanceof JsonNumber) || !INTEGER.test(given.text)) {
      issues.push(malformed)
      return undefined
    }
    // A number outside the bounds may be rounded, but never to a value inside them, since the bounds are safe integers.
    const value = Number(given.text)
    if (value >= node.minimum && value <= node.maximum) return value + 0
    issues.push(value < node.minimum ? low : high)
    return undefined
  }
}
