import fc from 'fast-check'
import { Type } from 'typebox'
import { describe, expect, test } from 'vitest'
import { BigInteger, JOINS, LOWER_CASE } from './json-schema.ts'
import { compileQuery, type Issue, ParameterError, type RawQuery } from './query.ts'

const SCHEMA = Type.Object({
  id: Type.String({ pattern: '^[a-zA-Z]+$', maxLength: 5, [LOWER_CASE]: true }),
  limit: Type.Integer({ minimum: 1, maximum: 100, default: 20 }),
  page: Type.Optional(Type.Integer({ minimum: 1 })),
  fresh: Type.Optional(Type.Boolean()),
  kind: Type.Optional(Type.String({ enum: ['one', 'two'] })),
  list: Type.Optional(
    Type.Array(Type.String({ pattern: '^[a-z]$', [LOWER_CASE]: true }), { maxItems: 3, [JOINS]: true }),
  ),
})
const parse = compileQuery(SCHEMA)

function raw(entries: RawQuery): RawQuery {
  return Object.assign(Object.create(null), entries)
}

function issuesOf(query: RawQuery): readonly Issue[] {
  try {
    parse(raw(query))
  } catch (error) {
    if (error instanceof ParameterError) return error.issues
    throw error
  }
  return []
}

describe('accepted queries', () => {
  test.each<[RawQuery, unknown]>([
    [{ id: 'aB' }, { id: 'ab', limit: 20 }],
    [
      { id: 'a', limit: '' },
      { id: 'a', limit: 20 },
    ],
    [
      { id: 'a', limit: '007', page: '9' },
      { id: 'a', limit: 7, page: 9 },
    ],
    [
      { id: 'a', page: '99999999999999999999999' },
      { id: 'a', limit: 20, page: Number.MAX_SAFE_INTEGER },
    ],
    [
      { id: 'a', fresh: 'TRUE' },
      { id: 'a', limit: 20, fresh: true },
    ],
    [
      { id: 'a', fresh: '0' },
      { id: 'a', limit: 20, fresh: false },
    ],
    [
      { id: 'a', kind: 'two', unknown: 'x', __proto__x: 'y' },
      { id: 'a', limit: 20, kind: 'two' },
    ],
    [
      { id: 'a', list: ' a,b ,,a' },
      { id: 'a', limit: 20, list: ['a', 'b'] },
    ],
    [
      { id: 'a', list: ['a', 'b,c'] },
      { id: 'a', limit: 20, list: ['a', 'b', 'c'] },
    ],
    [
      { id: 'a', list: ',' },
      { id: 'a', limit: 20 },
    ],
  ])('%j', (query, expected) => {
    expect(parse(raw(query))).toEqual(expected)
  })
})

describe('rejected queries and their issues', () => {
  test.each<[RawQuery, Issue[]]>([
    [{}, [{ parameter: 'id', problem: 'missing', type: 'string' }]],
    [{ id: '' }, [{ parameter: 'id', problem: 'missing', type: 'string' }]],
    [
      { id: '1' },
      [{ parameter: 'id', problem: 'malformed', type: 'string', rule: { is: 'pattern', pattern: '^[a-zA-Z]+$' } }],
    ],
    [
      { id: 'abcdef' },
      [{ parameter: 'id', problem: 'malformed', type: 'string', rule: { is: 'longest', characters: 5 } }],
    ],
    [
      { id: 'a\0' },
      [{ parameter: 'id', problem: 'malformed', type: 'string', rule: { is: 'pattern', pattern: '^[a-zA-Z]+$' } }],
    ],
    [{ id: ['a', 'a'] }, [{ parameter: 'id', problem: 'repeated', type: 'string' }]],
    [
      { id: 'a', limit: '0' },
      [{ parameter: 'limit', problem: 'out_of_range', type: 'integer', limit: 1, bound: 'minimum' }],
    ],
    [
      { id: 'a', limit: '-5' },
      [{ parameter: 'limit', problem: 'out_of_range', type: 'integer', limit: 1, bound: 'minimum' }],
    ],
    [
      { id: 'a', limit: '101' },
      [{ parameter: 'limit', problem: 'out_of_range', type: 'integer', limit: 100, bound: 'maximum' }],
    ],
    [
      { id: 'a', limit: '9'.repeat(400) },
      [{ parameter: 'limit', problem: 'out_of_range', type: 'integer', limit: 100, bound: 'maximum' }],
    ],
    [{ id: 'a', fresh: 'yes' }, [{ parameter: 'fresh', problem: 'malformed', type: 'boolean' }]],
    [
      { id: 'a', kind: 'three' },
      [{ parameter: 'kind', problem: 'malformed', type: 'string', rule: { is: 'values', values: ['one', 'two'] } }],
    ],
    [
      { id: 'a', list: 'a,1,2' },
      [{ parameter: 'list', problem: 'malformed', type: 'string', rule: { is: 'pattern', pattern: '^[a-z]$' } }],
    ],
    [{ id: 'a', list: 'a,b,c,d' }, [{ parameter: 'list', problem: 'too_many', type: 'string', limit: 3 }]],
    [
      { limit: 'x', fresh: 'x' },
      [
        { parameter: 'id', problem: 'missing', type: 'string' },
        { parameter: 'limit', problem: 'malformed', type: 'integer' },
        { parameter: 'fresh', problem: 'malformed', type: 'boolean' },
      ],
    ],
  ])('%j', (query, expected) => {
    expect(issuesOf(query)).toEqual(expected)
  })

  test.each(['1e2', '+5', '20.0', ' 5', '5 ', '٣', '0x10', '１', '--1', '-', 'NaN', 'Infinity', '5\n'])(
    'the integer %j',
    (limit) => {
      expect(issuesOf({ id: 'a', limit })).toEqual([{ parameter: 'limit', problem: 'malformed', type: 'integer' }])
    },
  )
})

test('a query cannot affect the prototype of the parsed object', () => {
  const query = raw(JSON.parse('{"id":"a","__proto__":"x","constructor":"y"}'))
  expect(Object.keys(parse(query))).toEqual(['id', 'limit'])
  expect(Object.getPrototypeOf(parse(query))).toBe(Object.prototype)
})

test('any input gives a value of the schema or issues', () => {
  const values = fc.oneof(fc.string(), fc.integer().map(String), fc.array(fc.string(), { maxLength: 3 }))
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom('id', 'limit', 'page', 'fresh', 'list', 'x'), values), (query) => {
      const issues = issuesOf(query)
      if (issues.length > 0) return
      const { id, limit } = parse(raw(query))
      expect(id).toMatch(/^[a-z]{1,5}$/)
      expect(limit >= 1 && limit <= 100).toBe(true)
    }),
  )
})

describe('uuids', () => {
  const read = compileQuery(Type.Object({ id: Type.String({ format: 'uuid' }) }))
  const plain = '3c90c3cc-0d44-4b50-8888-8dd25736052a'

  test.each([plain, plain.toUpperCase(), plain.replaceAll('-', ''), `{${plain}}`, `urn:uuid:${plain}`])(
    '%s has one canonical form',
    (id) => {
      expect(read(raw({ id }))).toEqual({ id: plain })
    },
  )

  test.each([
    'null',
    `${plain}0`,
    plain.slice(1),
    `{${plain}`,
    `${plain}}`,
    plain.replace('-', ''),
    `${plain}\n`,
    plain.replace('3', 'g'),
  ])('%j is none', (id) => {
    expect(() => read(raw({ id }))).toThrow(ParameterError)
  })
})

describe('integers beyond 2^53', () => {
  const read = compileQuery(Type.Object({ offset: BigInteger({ minimum: 0, maximum: 9223372036854776000 }) }))

  test.each(['0', '9007199254740993', '9223372036854776000'])('%s is exact', (offset) => {
    expect(read(raw({ offset }))).toEqual({ offset: BigInt(offset) })
  })

  test.each(['-1', '9223372036854776001', '18446744073709551616', '1e3', '1.0', '+1', 'null'])(
    '%s is rejected',
    (offset) => {
      expect(() => read(raw({ offset }))).toThrow(ParameterError)
    },
  )
})
