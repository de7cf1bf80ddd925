import { afterEach, beforeEach, expect, test } from 'vitest'
import { makeSchema, type TestSchema } from '../../../test/postgres/test-schema.ts'
import { binaryArray } from './binary-array.ts'
import { PostgresDatabase } from './database.ts'
import { parseTarget } from './target.ts'

let schema: TestSchema
let db: PostgresDatabase
beforeEach(async () => {
  schema = await makeSchema()
  db = new PostgresDatabase(parseTarget(schema.url))
})
afterEach(async () => {
  await db.close()
  await schema.end()
})

const LISTS = {
  bigint: [0, 1, -1, 2 ** 32, -(2 ** 32), -(2 ** 32) - 1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, null],
  smallint: [0, -1, 32_767, -32_768, null],
  bytea: [Buffer.alloc(0), Buffer.from([0, 255, 92]), null],
  text: ['', 'a,"\\{}', 'é 漢 🪙', 'NULL', null],
} as const

test.each(['bigint', 'smallint', 'bytea', 'text'] as const)('the server reads %s as it was meant', async (type) => {
  for (const list of [LISTS[type], LISTS[type].slice(0, 1), []]) {
    expect(binaryArray(list, type)).toBeInstanceOf(Buffer)
    const rows = await db.all(`SELECT value FROM unnest(?::${type}[]) AS t (value)`, list)
    expect(rows.map(([value]) => value)).toEqual(list)
  }
})

test('what is not of the type is left to the text form, which the server checks', async () => {
  expect(binaryArray(['1'], 'bigint')).toBeUndefined()
  expect(binaryArray([2 ** 53], 'bigint')).toBeUndefined()
  expect(binaryArray([1], 'text')).toBeUndefined()
  expect(await db.all('SELECT value FROM unnest(?::bigint[]) AS t (value)', ['7', 8])).toEqual([[7], [8]])
  await expect(db.all('SELECT value FROM unnest(?::bigint[]) AS t (value)', ['x'])).rejects.toThrow('bigint')
  expect(() => binaryArray([2 ** 15], 'smallint')).toThrow(RangeError)
})
