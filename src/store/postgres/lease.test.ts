import { setImmediate as nextTick } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { CHAIN } from '../../../test/indexer/harness.ts'
import { makeSchema, type TestSchema } from '../../../test/postgres/test-schema.ts'
import { type ChainId, parseChainId } from '../../core/chain.ts'
import { PostgresDatabase } from './database.ts'
import { type Lease, takeLease } from './lease.ts'
import { migrate } from './migrate.ts'
import { MIGRATIONS } from './schema.ts'
import { parseTarget } from './target.ts'

const OTHER = parseChainId('eip155:2') as ChainId
let schema: TestSchema
let one: PostgresDatabase
let other: PostgresDatabase
const taken: Lease[] = []
beforeEach(async () => {
  schema = await makeSchema()
  one = new PostgresDatabase(parseTarget(schema.url))
  other = new PostgresDatabase(parseTarget(schema.url))
  await migrate(one, { migrations: [...MIGRATIONS, 'CREATE TABLE written (n bigint)'], remedy: '', create: true })
})
afterEach(async () => {
  for (const lease of taken.splice(0)) await lease.release()
  await one.close()
  await other.close()
  await schema.end()
})

async function take(db: PostgresDatabase, leaseMs?: number): Promise<Lease> {
  const lease = await takeLease(db, CHAIN, leaseMs)
  taken.push(lease)
  return lease
}

/** As if the writer had stopped to prolong its lease, for any reason. */
const expire = () => schema.query('UPDATE leases SET expires_at = now()')
const add = (lease: Lease, n: number) => lease.write((queries) => queries.run('INSERT INTO written VALUES (?)', n))
const written = async () => (await one.all('SELECT n FROM written ORDER BY n')).flat()

test('a chain has one writer; the next one follows when it is released', async () => {
  const first = await take(one)
  await expect(takeLease(other, CHAIN)).rejects.toMatchObject({
    code: 'LEASE_HELD',
    message: expect.stringMatching(/^process \d+ on .* is writing eip155:1; if it died, its right ends in \d+ s$/),
  })
  await first.release()
  expect((await take(other)).fence).toBe(first.fence + 1)
})

test('chains have writers of their own', async () => {
  await take(one)
  const lease = await takeLease(other, OTHER)
  await lease.release()
})

test('a writer whose lease another one took writes nothing', async () => {
  const first = await take(one)
  await add(first, 1)
  await expire()
  const second = await take(other)
  await expect(add(first, 2)).rejects.toMatchObject({ code: 'LEASE_LOST' })
  await first.release()
  await add(second, 3)
  expect(await written()).toEqual([1, 3])
})

test('a transaction that began under a lease ends before another writer can take it', async () => {
  const first = await take(one)
  await expire()
  const order: string[] = []
  const second = first.write(async (queries) => {
    await queries.run('INSERT INTO written VALUES (1)')
    const taking = take(other).then((lease) => {
      order.push('taken')
      return lease
    })
    // The taker waits for our lock: the database says so.
    const waits = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'INSERT INTO leases%'"
    while ((await schema.query(waits)).length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    order.push('committed')
    return { taking }
  })
  await (await second).taking
  expect(order).toEqual(['committed', 'taken'])
  expect(await written()).toEqual([1])
})

test('a lease is prolonged as long as its writer lives', async () => {
  const lease = await take(one, 2_000)
  await new Promise((resolve) => setTimeout(resolve, 3_000))
  await expect(takeLease(other, CHAIN)).rejects.toMatchObject({ code: 'LEASE_HELD' })
  await add(lease, 1)
  expect(await written()).toEqual([1])
})

test('a prolongation that is late does not begin a released lease anew', async () => {
  const run = one.run.bind(one)
  let pass = (): void => undefined
  const late = new Promise<void>((resolve) => {
    pass = resolve
  })
  const sent: string[] = []
  const begun = new Promise<void>((resolve) => {
    vi.spyOn(one, 'run').mockImplementation(async (sql, ...values) => {
      if (sql.includes('interval')) {
        resolve()
        await late
      } else sent.push(sql)
      await run(sql, ...values)
    })
  })
  const lease = await take(one, 300)
  await begun
  const released = lease.release()
  await nextTick()
  expect(sent).toEqual([])
  pass()
  await released
  expect(sent).toHaveLength(1)
  expect(await one.all('SELECT expires_at <= now() FROM leases')).toEqual([[true]])
})
