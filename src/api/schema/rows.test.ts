import fc from 'fast-check'
import { Type } from 'typebox'
import { describe, expect, test } from 'vitest'
import { AssertionError } from '../../core/assert.ts'
import { ExactNumber } from './json-schema.ts'
import { compileRows } from './rows.ts'
import { compileSerialiser, type WrittenObject } from './serialise.ts'

describe('rows', () => {
  const Row = Type.Object({
    id: Type.Integer(),
    of: Type.Object({ a: Type.String() }),
    note: Type.Optional(Type.String()),
    amount: Type.Union([Type.String(), Type.Null()]),
    price: ExactNumber(),
  })
  type Base = { readonly of: { readonly a: string }; readonly note?: string }
  const row = compileRows<Base>({ schema: Row, own: ['id', 'amount', 'price'], describe: (base) => base })

  test('equal the JSON of the whole row, in the order of the schema, for any base and values', () => {
    const write = compileSerialiser(Type.Array(Type.Unsafe<WrittenObject>(Row)))
    const base = fc.record({ of: fc.record({ a: fc.string() }), note: fc.string() }, { requiredKeys: ['of'] })
    const values = fc.tuple(fc.maxSafeInteger(), fc.option(fc.string()), fc.nat())
    const rows = fc.array(fc.tuple(fc.nat(2), values))
    fc.assert(
      fc.property(fc.tuple(base, base, base), rows, (bases, chosen) => {
        const made = chosen.map(([index, [id, amount, price]]) =>
          row(bases[index] ?? bases[0], [id, amount, `${price}`]),
        )
        const expected = chosen.map(([index, [id, amount, price]]) => {
          const { of, note } = bases[index] ?? bases[0]
          return { id, of: { a: of.a }, ...(note === undefined ? {} : { note }), amount, price }
        })
        expect(write(made).replaceAll('"id":-0,', '"id":0,')).toBe(JSON.stringify(expected))
      }),
    )
  })

  test('with a value that does not fit, or a base without a required value, are a bug', () => {
    expect(() => row({ of: { a: '' } }, [1.5, null, '1'])).toThrow(AssertionError)
    expect(() => row({ of: { a: '' } }, [1, null, '"'])).toThrow(AssertionError)
    expect(() => row({ of: { a: '' } }, [1, null])).toThrow(AssertionError)
    expect(() => compileRows<object>({ schema: Row, own: ['id'], describe: () => ({}) })({}, [1])).toThrow('$.of')
  })

  test('have own keys of their schema, in its order', () => {
    expect(() => compileRows({ schema: Row, own: ['nothing'], describe: () => ({}) })).toThrow(AssertionError)
    expect(() => compileRows({ schema: Row, own: ['note'], describe: () => ({}) })).toThrow(AssertionError)
    const turned = compileRows<Base>({ schema: Row, own: ['amount', 'id'], describe: (base) => base })
    expect(() => turned({ of: { a: '' } }, [null, 1])).toThrow(AssertionError)
  })
})
