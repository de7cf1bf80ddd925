import { type TSchema, type TUnsafe, Type } from 'typebox'
import { assert } from '../../core/assert.ts'
import { isRecord } from '../../core/is-record.ts'
import type { Json } from '../../json/exact-json.ts'

/**
 * The part of JSON Schema that our schemas use. It is read once, when a route is made. The same schema parses the
 * query, serialises the answer and is part of the OpenAPI document.
 */
export type SchemaNode =
  | { readonly kind: 'object'; readonly properties: readonly Property[]; readonly rest: SchemaNode | undefined }
  | {
      readonly kind: 'array'
      readonly items: SchemaNode
      readonly minItems: number
      readonly maxItems: number | undefined
      /** For a query parameter: split it at commas and join its repetitions. */
      readonly joins: boolean
    }
  | {
      readonly kind: 'string'
      readonly pattern: RegExp | undefined
      readonly minLength: number
      readonly maxLength: number
      /** Text of this format in any usual form. The parsed value is canonical. */
      readonly format: 'uuid' | undefined
      /** The parsed value is converted to lower case. */
      readonly lowerCase: boolean
      readonly values: readonly string[] | undefined
    }
  /** `bounded`: the schema sets the maximum. Otherwise the maximum is the largest safe integer. */
  | { readonly kind: 'integer'; readonly minimum: number; readonly maximum: number; readonly bounded: boolean }
  /** As `integer`, but the value is a bigint, exact beyond 2^53. */
  | { readonly kind: 'big'; readonly minimum: bigint; readonly maximum: bigint }
  | { readonly kind: 'number' }
  /** A number held as decimal text, exact at any size. */
  | { readonly kind: 'exact' }
  | { readonly kind: 'boolean' }
  | { readonly kind: 'null' }
  /** An object of an answer, held as JSON text. */
  | { readonly kind: 'text' }
  /** Any JSON of a body, as our own reader returns it. The handler checks it. */
  | { readonly kind: 'json' }
  | { readonly kind: 'union'; readonly variants: readonly SchemaNode[] }

/** One key of an object. `fallback` is the schema's default, undefined if there is none. */
export type Property = {
  readonly name: string
  readonly node: SchemaNode
  readonly required: boolean
  readonly fallback: string | number | boolean | undefined
}

/**
 * The type of an answer for a schema's type. Optional keys may also be undefined, and are then absent from the answer.
 */
export type Answer<T> = T extends string | number | boolean | null | undefined
  ? T
  : T extends readonly (infer Item)[]
    ? readonly Answer<Item>[]
    : { readonly [Key in keyof T]: object extends Pick<T, Key> ? Answer<T[Key]> | undefined : Answer<T[Key]> }

/** The schema of a JSON number that we hold as plain decimal text (`-?digits[.digits]`), never as a float. */
export function ExactNumber(options: { readonly description?: string } = {}): TUnsafe<string> {
  return Type.Unsafe<string>({ type: 'number', ...options, [EXACT]: true })
}

/** The schema of an integer that may exceed 2^53, in a query or an answer: a bigint. The bounds print exactly. */
export function BigInteger(options: {
  readonly minimum: number
  readonly maximum: number
  readonly description?: string
}): TUnsafe<bigint> {
  return Type.Unsafe<bigint>({ type: 'integer', ...options, [BIG]: true })
}

/** The schema of any JSON object in an answer that we hold as JSON text, which is copied unchanged. */
export function JsonText(options: { readonly description?: string } = {}): TUnsafe<string> {
  return Type.Unsafe<string>({ type: 'object', additionalProperties: true, ...options, [JSON_TEXT]: true })
}

/** The schema of a value, or null if it is not known. */
export const OrNull = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()])

const EXACT = 'x-exact'
const BIG = 'x-big'
const JSON_TEXT = 'x-json-text'
/** Marks a string schema with values that are converted to lower case. */
export const LOWER_CASE = 'x-lower-case'
/** Marks an array schema for one query parameter, split at commas. */
export const JOINS = 'x-joins'

/** The schema of a part of a body that may be any JSON, and that the handler checks. */
export function AnyJson(options: { readonly description?: string } = {}): TUnsafe<Json> {
  return Type.Unsafe<Json>({ ...options, [ANY_JSON]: true })
}

const ANY_JSON = 'x-any-json'

/** Extensions for internal use only. The OpenAPI document leaves them out. */
export const PRIVATE_KEYWORDS: ReadonlySet<string> = new Set([EXACT, BIG, JSON_TEXT, LOWER_CASE, JOINS, ANY_JSON])

/** Returns the node of a schema. @throws AssertionError the schema uses an unsupported feature: a bug in a route */
export function readSchema(schema: unknown): SchemaNode {
  assert(isRecord(schema), 'a schema must be an object')
  const variants = schema.anyOf
  if (Array.isArray(variants)) return { kind: 'union', variants: variants.map(readSchema) }
  if (schema[ANY_JSON] === true) return { kind: 'json' }
  switch (schema.type) {
    case 'object':
      return schema[JSON_TEXT] === true ? { kind: 'text' } : readObject(schema)
    case 'array':
      return {
        kind: 'array',
        items: readSchema(schema.items),
        minItems: numberOr(schema.minItems, 0),
        maxItems: numberOr(schema.maxItems, undefined),
        joins: schema[JOINS] === true,
      }
    case 'string':
      return readString(schema)
    case 'integer':
      if (schema[BIG] === true) return { kind: 'big', minimum: exact(schema.minimum), maximum: exact(schema.maximum) }
      return {
        kind: 'integer',
        minimum: numberOr(schema.minimum, Number.MIN_SAFE_INTEGER),
        maximum: numberOr(schema.maximum, Number.MAX_SAFE_INTEGER),
        bounded: schema.maximum !== undefined,
      }
    case 'number':
      return { kind: schema[EXACT] === true ? 'exact' : 'number' }
    case 'boolean':
      return { kind: 'boolean' }
    case 'null':
      return { kind: 'null' }
    default:
      assert(false, `unknown schema type: ${String(schema.type)}`)
  }
}

function readObject(schema: Readonly<Record<string, unknown>>): SchemaNode {
  const properties = schema.properties
  const required = schema.required
  const patterns = schema.patternProperties
  const rest = isRecord(patterns) ? Object.values(patterns)[0] : undefined
  const list: Property[] = []
  for (const [name, property] of Object.entries(isRecord(properties) ? properties : {})) {
    const fallback = isRecord(property) ? property.default : undefined
    list.push({
      name,
      node: readSchema(property),
      required: Array.isArray(required) && required.includes(name),
      fallback:
        typeof fallback === 'string' || typeof fallback === 'number' || typeof fallback === 'boolean'
          ? fallback
          : undefined,
    })
  }
  return { kind: 'object', properties: list, rest: rest === undefined ? undefined : readSchema(rest) }
}

/** Longest text of a parameter without a limit in its schema. No id of any dialect is longer. */
const DEFAULT_MAX_LENGTH = 1_024

function readString(schema: Readonly<Record<string, unknown>>): SchemaNode {
  const pattern = schema.pattern
  const values = schema.enum
  return {
    kind: 'string',
    pattern: typeof pattern === 'string' ? new RegExp(pattern, 'u') : undefined,
    minLength: numberOr(schema.minLength, 0),
    maxLength: numberOr(schema.maxLength, DEFAULT_MAX_LENGTH),
    format: schema.format === 'uuid' ? 'uuid' : undefined,
    lowerCase: schema[LOWER_CASE] === true,
    values: Array.isArray(values) ? values.map(String) : undefined,
  }
}

/** The integer that a bound prints as. A float beyond 2^53 is rounded only in binary. */
function exact(bound: unknown): bigint {
  assert(typeof bound === 'number' && Number.isInteger(bound), 'a big integer has integers as bounds')
  return BigInt(String(bound))
}

function numberOr<T>(value: unknown, fallback: T): number | T {
  return typeof value === 'number' ? value : fallback
}
