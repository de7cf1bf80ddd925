/** Statements that are sent without waiting: how many wait at most, and what happens if one of them fails. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { DatabaseLink } from '../../../test/postgres/link.ts'
import { makeSchema, type TestSchema } from '../../../test/postgres/test-schema.ts'
import { PostgresDatabase } from './database.ts'
import { migrate } from './migrate.ts'
import { parseTarget } from './target.ts'

const INSERT = 'INSERT INTO one VALUES (?, ?)'
const DUPLICATE = { code: 'STORE_UNAVAILABLE', fields: { sqlstate: '23505' } }

let schema: TestSchema
let link: DatabaseLink
let db: PostgresDatabase
let trips: number[]
beforeEach(async () => {
  trips = []
  schema = await makeSchema()
  link = await DatabaseLink.watched(schema.url, (roundTrips) => trips.push(roundTrips))
  db = new PostgresDatabase(parseTarget(link.url))
  const migrations = ["CREATE TABLE one (n bigint PRIMARY KEY, m text); INSERT INTO one VALUES (1, '')"]
  await migrate(db, { migrations, remedy: '', create: true })
  trips = []
})
afterEach(async () => {
  await db.close()
  await link.close()
  await schema.end()
})

const numbers = async () => (await db.all('SELECT n FROM one ORDER BY n')).flat()

test('reads go with the beginning, and writes with the end', async () => {
  const read = await db.write(async (queries) => {
    const [row] = await Promise.all([queries.get('SELECT n FROM one'), queries.all('SELECT m FROM one')])
    for (const n of [2, 3]) await queries.run(INSERT, n, '')
    return row
  })
  expect({ read, trips, written: await numbers() }).toEqual({ read: [1], trips: [2], written: [1, 2, 3] })
})

test('an answer is awaited once a megabyte is on its way', async () => {
  const long = 'm'.repeat(300_000)
  await db.write(async (queries) => {
    for (let n = 2; n < 12; n++) await queries.run(INSERT, n, long)
  })
  // The beginning, four of them, four more, and the last two with the end.
  expect(trips).toEqual([4])
  expect((await numbers()).length).toBe(11)
})

test('one that fails without being awaited has all fail with its error, and leaves nothing', async () => {
  const writing = db.write(async (queries) => {
    for (const n of [2, 1, 3]) await queries.run(INSERT, n, '')
  })
  await expect(writing).rejects.toMatchObject(DUPLICATE)
  const reading = db.write(async (queries) => {
    for (const n of [2, 1]) await queries.run(INSERT, n, '')
    return queries.all('SELECT n FROM one')
  })
  await expect(reading).rejects.toMatchObject(DUPLICATE)
  // Work cannot hide it.
  const hiding = db.write(async (queries) => {
    await queries.run(INSERT, 1, '')
    return queries.all('SELECT n FROM one').catch(() => [])
  })
  await expect(hiding).rejects.toMatchObject(DUPLICATE)
  expect(await numbers()).toEqual([1])
  // Every connection is used again, for statements that failed before too.
  await Promise.all(Array.from({ length: 20 }, (_, n) => db.write((queries) => queries.run(INSERT, n + 10, ''))))
  expect((await numbers()).length).toBe(21)
})

test('a value that cannot be sent has nothing written', async () => {
  const writing = db.write(async (queries) => {
    await queries.run(INSERT, 2, '')
    await queries.run("INSERT INTO one SELECT n, '' FROM unnest(?::smallint[]) AS t (n)", [2 ** 15])
  })
  await expect(writing).rejects.toThrow(RangeError)
  expect(await numbers()).toEqual([1])
})
