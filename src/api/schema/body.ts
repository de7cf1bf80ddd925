import type { Static, TObject } from 'typebox'
import { assert } from '../../core/assert.ts'
import { ServiceError } from '../../core/errors.ts'
import { type Json, JsonNumber } from '../../json/exact-json.ts'
import { type Property, readSchema, type SchemaNode } from './json-schema.ts'
import { brokenRule, canonicalText, INTEGER, type Issue, ParameterError, readBoolean, typeOf } from './query.ts'

/**
 * Returns a parser of JSON bodies for the schema of a route. Fields are texts, integers, booleans, objects and lists of
 * these, nested to any depth. `null` means absent, and unknown keys are ignored. Integers are JSON numbers written as
 * `-?[0-9]+`, never text. Booleans are true and false, also as text, or 1 and 0. A missing body is an empty object. The
 * parser throws ParameterError with the issues in the order of the schema, and BODY_NOT_OBJECT if the body is not an object.
 */
export function compileBody<Schema extends TObject>(schema: Schema): (body: Json | undefined) => Static<Schema> {
  const node = readSchema(schema)
  assert(node.kind === 'object', 'a body schema must be an object')
  const readFields = compileFields(node)
  return (body = new Map()) => {
    if (!(body instanceof Map)) throw new ServiceError('BODY_NOT_OBJECT', 'Body is not a JSON object')
    const issues: Issue[] = []
    const value = readFields(body, '', issues)
    if (issues.length > 0) throw new ParameterError(issues)
    // The fields come from this schema, so their values have its type.
    return value as Static<Schema>
  }
}

/** Reads a value at a path of the body, such as `balances.0`. */
type Read = (given: Json, path: string, issues: Issue[]) => unknown

type ReadFields = (body: ReadonlyMap<string, Json>, path: string, issues: Issue[]) => Readonly<Record<string, unknown>>

function compileFields(node: SchemaNode & { kind: 'object' }): ReadFields {
  const fields = node.properties.map(compileField)
  return (body, path, issues) => {
    const value: Record<string, unknown> = {}
    for (const field of fields) {
      const at = path === '' ? field.name : `${path}.${field.name}`
      const read = field.read(body.get(field.name), at, issues)
      if (read !== undefined) value[field.name] = read
    }
    return value
  }
}

function compileField({ name, node, required, fallback }: Property) {
  const type = typeOf(node)
  const readValue = compileValue(name, node)
  return {
    name,
    read: (given: Json | undefined, path: string, issues: Issue[]): unknown => {
      if (given !== undefined && given !== null) return readValue(given, path, issues)
      if (fallback === undefined && required) issues.push({ parameter: path, problem: 'missing', type })
      return fallback
    },
  }
}

function compileValue(name: string, node: SchemaNode): Read {
  const type = typeOf(node)
  const malformed = (path: string, issues: Issue[]): undefined => {
    issues.push({ parameter: path, problem: 'malformed', type })
  }
  switch (node.kind) {
    case 'string':
      return (given, path, issues) => {
        if (typeof given !== 'string') return malformed(path, issues)
        const rule = brokenRule(given, node)
        if (rule === undefined) return canonicalText(given, node)
        issues.push({ parameter: path, problem: 'malformed', type, rule })
        return undefined
      }
    case 'integer':
      return compileInteger(node)
    case 'boolean':
      return (given, path, issues) => {
        const text = given instanceof JsonNumber ? given.text : given
        const value = typeof text === 'string' ? readBoolean(text) : text
        return typeof value === 'boolean' ? value : malformed(path, issues)
      }
    case 'object': {
      const readFields = compileFields(node)
      return (given, path, issues) => (given instanceof Map ? readFields(given, path, issues) : malformed(path, issues))
    }
    case 'array':
      return compileArray(name, node)
    case 'json':
      return (given) => given
    default:
      assert(false, `field ${name} has a type that bodies do not support: ${node.kind}`)
  }
}

function compileArray(name: string, node: SchemaNode & { kind: 'array' }): Read {
  const readItem = compileValue(name, node.items)
  const itemType = typeOf(node.items)
  return (given, path, issues) => {
    if (!Array.isArray(given)) {
      issues.push({ parameter: path, problem: 'malformed', type: 'array' })
      return undefined
    }
    if (node.maxItems !== undefined && given.length > node.maxItems) {
      issues.push({ parameter: path, problem: 'too_many', type: 'array', limit: node.maxItems })
      return undefined
    }
    if (given.length < node.minItems) {
      issues.push({ parameter: path, problem: 'too_few', type: 'array', limit: node.minItems })
      return undefined
    }
    return given.map((item: Json, index) => {
      const at = `${path}.${index}`
      if (item !== null || node.items.kind === 'json') return readItem(item, at, issues)
      issues.push({ parameter: at, problem: 'malformed', type: itemType })
      return undefined
    })
  }
}

function compileInteger(node: SchemaNode & { kind: 'integer' }): Read {
  return (given, path, issues) => {
    const malformed: Issue = { parameter: path, problem: 'malformed', type: 'integer' }
    if (!(given instanceof JsonNumber) || !INTEGER.test(given.text)) {
      issues.push(malformed)
      return undefined
    }
    // A number outside the bounds may be rounded, but never to a value inside them, since the bounds are safe integers.
    const value = Number(given.text)
    if (value >= node.minimum && value <= node.maximum) return value + 0
    const [bound, limit] =
      value < node.minimum ? (['minimum', node.minimum] as const) : (['maximum', node.maximum] as const)
    issues.push({ ...malformed, problem: 'out_of_range', limit, bound })
    return undefined
  }
}
