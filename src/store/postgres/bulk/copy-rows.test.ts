import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeSchema, type TestSchema } from '../../../../test/postgres/test-schema.ts'
import { PostgresDatabase } from '../database.ts'
import { parseTarget } from '../target.ts'
import type { CopiedColumn } from './copy-columns.ts'
import { CopyRows } from './copy-rows.ts'
import { openCopied } from './copy-sink.ts'

const COLUMNS: readonly CopiedColumn[] = [
  { name: 'number', integer: 8 },
  { name: 'flag', integer: 2 },
  { name: 'bytes', integer: undefined },
  { name: 'text', integer: undefined },
]

const folder = mkdtempSync(join(tmpdir(), 'steelyard-rows-'))
const file = join(folder, 'rows')
let schema: TestSchema
let db: PostgresDatabase
beforeAll(async () => {
  schema = await makeSchema()
  db = new PostgresDatabase(parseTarget(schema.url))
  await schema.query(`CREATE SCHEMA ${schema.schema}`)
  await schema.query('CREATE TABLE copied (number bigint, flag smallint, bytes bytea, text text)')
})
afterAll(async () => {
  await db.close()
  await schema.end()
  rmSync(folder, { recursive: true })
})

type Values = readonly (number | string | Uint8Array | null)[]

function write(rows: readonly Values[]): void {
  const writer = new CopyRows(file, COLUMNS)
  for (const row of rows) writer.row(row)
  writer.finish()
  expect(writer.count).toBe(rows.length)
}

/** Copies the file to the empty table. Returns what the server counted. */
function copy(): Promise<number> {
  return db.apart(
    schema.schema,
    async (connection) => {
      await connection.begin()
      await connection.exec('TRUNCATE copied')
      const names = COLUMNS.map(({ name }) => name)
      const count = await connection.copyIn('copied', names, await openCopied(file))
      await connection.commit()
      return count
    },
    new AbortController().signal,
  )
}

const size = fc.oneof(fc.nat(60), fc.constantFrom(127 * 1024, 129 * 1024, 300 * 1024))
const bytes = size.map((length) => Buffer.alloc(length, length % 251))
const optional = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(values, { nil: null })
const row = fc.tuple(
  optional(fc.oneof(fc.maxSafeNat(), fc.constantFrom(0, 1, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER))),
  optional(fc.constantFrom(0, 1)),
  optional(bytes),
  optional(fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\0', ''))),
)

test('the server reads what was written, whatever it is and wherever a part of the file ends', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(row, { maxLength: 12 }), async (rows) => {
      write(rows)
      expect(await copy()).toBe(rows.length)
      const stored = await schema.query('SELECT number::text, flag, md5(bytes), text FROM copied ORDER BY ctid')
      const wanted = rows.map(([number, flag, some, text]) => ({
        ...{ number: number === null ? null : `${number}`, flag, text },
        md5: some === null ? null : createHash('md5').update(some).digest('hex'),
      }))
      expect(stored).toEqual(wanted)
    }),
    { numRuns: 10 },
  )
}, 60_000)

test('rows that are cut off are refused with what to do, and leave the table as it was', async () => {
  write([[1, 0, Buffer.from([1]), 'a']])
  await copy()
  write([[2, 0, Buffer.alloc(100), 'b']])
  truncateSync(file, 60)
  await expect(copy()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  expect(await schema.query('SELECT number::int FROM copied')).toEqual([{ number: 1 }])
})

test('a signal ends the connection', async () => {
  const stop = new AbortController()
  const sleeping = db.apart(schema.schema, (connection) => connection.exec('SELECT pg_sleep(60)'), stop.signal)
  setTimeout(() => stop.abort(new Error('stopped')), 50)
  await expect(sleeping).rejects.toThrow('stopped')
})

test('a row has a value for each column, and numbers have columns of their own', () => {
  const writer = new CopyRows(file, COLUMNS)
  expect(() => writer.row([1, 2, 3])).toThrow(TypeError)
  writer.close()
  const other = new CopyRows(file, COLUMNS)
  other.int(1)
  expect(() => other.end()).toThrow(TypeError)
  other.close()
})
