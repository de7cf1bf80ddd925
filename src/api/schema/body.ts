import type { Static, TObject } from 'typebox'
import { assert } from '../../core/assert.ts'
import { ServiceError } from '../../core/errors.ts'
import { type Json, JsonNumber } from '../../json/exact-json.ts'
import { type Property, readSchema, type SchemaNode } from './json-schema.ts'
import { fitsString, INTEGER, type Issue, ParameterError, readBoolean, typeOf } from './query.ts'

/**
 * A parser of JSON bodies, made from the schema of a route; its fields are texts, integers and booleans. `null` is
 * absent, unknown keys are ignored. Integers are JSON numbers written `-?[0-9]+`, never text; booleans are true and
 * false, also as text, or 1 and 0. No body at all is an empty object. The parser throws ParameterError with the issues
 * in the order of the schema, and BAD_REQUEST where the body is no object.
 */
export function compileBody<Schema extends TObject>(schema: Schema): (body: Json | undefined) => Static<Schema> {
  const node = readSchema(schema)
  assert(node.kind === 'object', 'a body is described by an object')
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
    // The fields were made from this very schema: what they let through has its type.
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
      assert(false, `the field ${name} is of a type that bodies do not hold yet: ${node.kind}`)
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
    // Text beyond the bounds may round on its way to a number, but never to one inside: they are safe integers.
    const value = Number(given.text)
    if (value >= node.minimum && value <= node.maximum) return value + 0
    issues.push(value < node.minimum ? low : high)
    return undefined
  }
}
