import { Type } from 'typebox'
import { describe, expect, test } from 'vitest'
import { isServiceError } from '../../core/errors.ts'
import { parseJson } from '../../json/exact-json.ts'
import { compileBody } from './body.ts'
import { AnyJson } from './json-schema.ts'
import { ParameterError } from './query.ts'

const MAX = Number.MAX_SAFE_INTEGER
const parse = compileBody(
  Type.Object({
    id: Type.String({ pattern: '^[a-z]{1,4}$' }),
    amount: Type.Integer({ minimum: 1, maximum: MAX }),
    again: Type.Optional(Type.Boolean()),
    note: Type.String({ default: 'none' }),
  }),
)

function read(text: string): unknown {
  try {
    return parse(parseJson(Buffer.from(text)))
  } catch (error) {
    if (error instanceof ParameterError) return error.issues.map(({ parameter, problem }) => `${parameter} ${problem}`)
    throw error
  }
}

test('reads only the fields of the schema', () => {
  expect(read('{"amount":7,"id":"ab","x":[1],"__proto__":{"again":true}}')).toEqual({
    id: 'ab',
    amount: 7,
    note: 'none',
  })
  expect(read('{"id":"ab","amount":1,"again":null,"note":null}')).toEqual({ id: 'ab', amount: 1, note: 'none' })
})

test('issues have the order of the schema; null means absent', () => {
  expect(read('{"amount":null}')).toEqual(['id missing', 'amount missing'])
  expect(read('{"amount":"7","id":"","note":4}')).toEqual(['id malformed', 'amount malformed', 'note malformed'])
})

describe('integers are exact', () => {
  test.each([
    ['1', 1],
    ['9007199254740991', MAX],
    ['0', 'amount out_of_range'],
    ['-0', 'amount out_of_range'],
    ['-1', 'amount out_of_range'],
    ['9007199254740992', 'amount out_of_range'],
    ['9007199254740993', 'amount out_of_range'],
    ['9'.repeat(400), 'amount out_of_range'],
    ['9007199254740990.5', 'amount malformed'],
    ['1.00000000000000000001', 'amount malformed'],
    ['1.0', 'amount malformed'],
    ['1e2', 'amount malformed'],
    ['1e30', 'amount malformed'],
    ['"1"', 'amount malformed'],
    ['true', 'amount malformed'],
    ['[1]', 'amount malformed'],
    ['{"value":1}', 'amount malformed'],
  ])('%.30s', (text, expected) => {
    const value = read(`{"id":"ab","amount":${text}}`)
    expect(value).toEqual(typeof expected === 'number' ? { id: 'ab', amount: expected, note: 'none' } : [expected])
  })
})

test.each([
  ['true', true],
  ['false', false],
  ['1', true],
  ['0', false],
  ['"TRUE"', true],
  ['"0"', false],
  ['"yes"', undefined],
  ['2', undefined],
  ['1.0', undefined],
  ['[]', undefined],
])('%s as a boolean', (text, expected) => {
  const value = read(`{"id":"ab","amount":1,"again":${text}}`)
  expect(value).toEqual(
    expected === undefined ? ['again malformed'] : { id: 'ab', amount: 1, again: expected, note: 'none' },
  )
})

test('a missing body lacks all fields; a body that is not an object is a bad request', () => {
  expect(() => parse(undefined)).toThrow(ParameterError)
  for (const text of ['[]', '"x"', '1', 'null', 'true']) {
    expect(() => read(text)).toThrow(expect.toSatisfy((error) => isServiceError(error, 'BODY_NOT_OBJECT')))
  }
})

describe('nested bodies', () => {
  const parseNested = compileBody(
    Type.Object({
      wallet: Type.Object({
        name: Type.String({ minLength: 1, maxLength: 3 }),
        limits: Type.Optional(Type.Object({ daily: Type.Integer({ minimum: 0, maximum: 10 }) })),
      }),
      rows: Type.Array(
        Type.Object({ ids: Type.Array(Type.Integer(), { maxItems: 2 }), last: Type.Boolean({ default: true }) }),
        {
          minItems: 1,
          maxItems: 3,
        },
      ),
      any: Type.Optional(AnyJson()),
    }),
  )
  const readNested = (text: string): unknown => {
    try {
      return parseNested(parseJson(Buffer.from(text)))
    } catch (error) {
      if (error instanceof ParameterError) {
        return error.issues.map(({ parameter, problem, type }) => `${parameter} ${problem} ${type}`)
      }
      throw error
    }
  }

  test('keep only the fields of the schema at every depth', () => {
    const text =
      '{"wallet":{"name":"a","x":1,"limits":{"daily":3,"y":2}},"rows":[{"ids":[1,2],"z":0},{"ids":[],"last":"0"}]}'
    expect(readNested(text)).toEqual({
      wallet: { name: 'a', limits: { daily: 3 } },
      rows: [
        { ids: [1, 2], last: true },
        { ids: [], last: false },
      ],
    })
  })

  test.each([
    ['{}', ['wallet missing object', 'rows missing array']],
    ['{"wallet":[],"rows":{}}', ['wallet malformed object', 'rows malformed array']],
    ['{"wallet":{},"rows":[]}', ['wallet.name missing string', 'rows too_few array']],
    [
      '{"wallet":{"name":"abcd","limits":1},"rows":[1]}',
      ['wallet.name malformed string', 'wallet.limits malformed object', 'rows.0 malformed object'],
    ],
    [
      '{"wallet":{"name":"a","limits":{"daily":11}},"rows":[{"ids":[1]},null]}',
      ['wallet.limits.daily out_of_range integer', 'rows.1 malformed object'],
    ],
    [
      '{"wallet":{"name":"a","limits":{}},"rows":[{"ids":[1,"2",null]}]}',
      ['wallet.limits.daily missing integer', 'rows.0.ids too_many array'],
    ],
    [
      '{"wallet":{"name":"a"},"rows":[{"ids":["2"]},{"ids":[1,null]},{}]}',
      ['rows.0.ids.0 malformed integer', 'rows.1.ids.1 malformed integer', 'rows.2.ids missing array'],
    ],
    ['{"wallet":{"name":"a"},"rows":[{"ids":[]},{"ids":[]},{"ids":[]},{"ids":[]}]}', ['rows too_many array']],
  ])('%s has issues that name the path', (text, issues) => {
    expect(readNested(text)).toEqual(issues)
  })

  test('a null inside is absent in an object, a bad item in a list, and itself where any JSON may be', () => {
    const value = readNested(
      '{"wallet":{"name":"a","limits":null},"rows":[{"ids":[1],"last":null}],"any":[null,{"a":null}]}',
    )
    expect(value).toEqual({
      wallet: { name: 'a' },
      rows: [{ ids: [1], last: true }],
      any: [null, new Map([['a', null]])],
    })
  })
})
