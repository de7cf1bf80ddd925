/** How often a writer waits for the server. Statements that are sent one behind the other are one round trip. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { HEX_ACCOUNTS } from '../../src/core/account.ts'
import type { BlockTransfers } from '../../src/core/transfer.ts'
import { openStore } from '../../src/store/open.ts'
import { chainSchemas } from '../../src/store/postgres/chain/chain-place.ts'
import type { Heartbeat } from '../../src/store/seam/heartbeat.ts'
import type { Journal, Store } from '../../src/store/seam/store.ts'
import { CHAIN } from '../indexer/harness.ts'
import { ACCOUNTS, ASSETS, hashOf, type Movement, makeBlock } from '../store/chains.ts'
import { DatabaseLink } from './link.ts'
import { makeSchema, type TestSchema } from './test-schema.ts'

const [alice = '', bob = ''] = ACCOUNTS

let schema: TestSchema
let link: DatabaseLink
let store: Store
let journal: Journal
let trips: number[]
beforeEach(async () => {
  trips = []
  schema = await makeSchema()
  link = await DatabaseLink.watched(schema.url, (roundTrips) => trips.push(roundTrips))
  store = await openStore({ url: link.url, create: true, codecOf: () => HEX_ACCOUNTS })
})
afterEach(async () => {
  await journal.close()
  await store.close()
  await link.close()
  await schema.end()
})

/** The round trips of each transaction of some work. */
async function tripsOf(work: () => unknown): Promise<readonly number[]> {
  trips = []
  await work()
  return [...trips]
}

function headerOf(number: number) {
  return { number, hash: hashOf(0, number), parentHash: hashOf(0, number - 1), timestamp: number * 12 }
}

function blockOf(number: number, movements: readonly Movement[]): BlockTransfers {
  return makeBlock(movements, headerOf(number))
}

const append = (number: number, movements: readonly Movement[]) => () =>
  journal.append({
    first: number,
    through: headerOf(number),
    blocks: [blockOf(number, movements)],
    headers: [headerOf(number)],
  })
const BEAT: Heartbeat = {
  state: 'live',
  head: headerOf(4),
  counts: {},
  caughtUpAt: undefined,
  error: undefined,
  auditError: undefined,
}
const finalize = (number: number) => () => journal.finalize({ number, hash: hashOf(0, number) })

const mint = (asset: number, to: string, item = 0): Movement => {
  return { asset: ASSETS[asset] ?? ASSETS[0], from: undefined, to, amount: 1n, item }
}

test('a live block is two round trips, and its finalization too: the reads go with the beginning, the writes with the end', async () => {
  journal = await store.openJournal(CHAIN, { scope: { type: 'all' }, from: 0 })
  await append(0, [mint(0, alice)])()
  await append(1, [mint(1, alice, 1)])()
  await append(2, [mint(0, alice), mint(1, alice, 2)])()
  const counted = {
    'known accounts and tokens': await tripsOf(append(3, [mint(0, alice), mint(1, alice, 2)])),
    'a new account': await tripsOf(append(4, [mint(0, bob)])),
    'no transfers': await tripsOf(append(5, [])),
    finalization: await tripsOf(finalize(3)),
    'a heartbeat': await tripsOf(() => journal.heartbeat(BEAT)),
    // Its id, its hints and its balances are read one after the other.
    'a new token': await tripsOf(append(6, [mint(2, bob, 1)])),
    'a rollback of it': await tripsOf(() => journal.rollback({ number: 5, hash: hashOf(0, 5) })),
    'and the block that replaces it': await tripsOf(append(6, [mint(0, alice)])),
  }
  await journal.repair([blockOf(5, [])])
  expect(await tripsOf(append(7, [mint(0, alice)]))).toEqual([2])
  expect(counted).toEqual({
    'known accounts and tokens': [2],
    'a new account': [2],
    'no transfers': [2],
    finalization: [2],
    'a heartbeat': [2],
    'a new token': [4],
    'a rollback of it': [19],
    'and the block that replaces it': [2],
  })
})

test('a live block of a chain with followed accounts is two round trips', async () => {
  journal = await store.openJournal(CHAIN, { scope: { type: 'accounts', accounts: [alice, bob] }, from: 0 })
  await append(0, [mint(0, alice)])()
  await append(1, [mint(0, alice)])()
  expect(await tripsOf(append(2, [mint(0, alice), mint(0, bob)]))).toEqual([2])
  expect(await journal.followed.unfollow(bob)).toBe(true)
  expect(await tripsOf(append(3, [mint(0, alice)]))).toEqual([2])
})

/** Notes how each write of a table is committed. */
const NOTE_COMMITS = (table: string): string => `
  CREATE FUNCTION note_commit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO places VALUES (TG_TABLE_NAME, current_setting('synchronous_commit')); RETURN NULL; END $$;
  CREATE TRIGGER note_commit AFTER INSERT OR UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION note_commit()`

test.each([
  ['heartbeat', 'off'],
  ['clock', 'on'],
])('the commit of a row of %s has synchronous_commit %s', async (table, expected) => {
  journal = await store.openJournal(CHAIN, { scope: { type: 'all' }, from: 0 })
  await schema.query(`SET search_path = ${chainSchemas(schema.schema, CHAIN).journal}`)
  await schema.query(NOTE_COMMITS(table))
  await append(0, [])()
  await journal.heartbeat(BEAT)
  expect(await schema.query('SELECT name, place FROM places')).toEqual([{ name: table, place: expected }])
})
