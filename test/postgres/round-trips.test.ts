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

/** Statements about many rows: the same number for any number of them. */
test('reads of many rows, and additions to the index of custody, take as many round trips as those of a few', async () => {
  journal = await store.openJournal(CHAIN, { scope: { type: 'all' }, from: 0 })
  const accounts = Array.from({ length: 40 }, (_, index) => `0x${(index + 1).toString(16).padStart(40, '0')}`)
  await append(
    0,
    accounts.flatMap((to) => [mint(0, to), mint(1, to)]),
  )()
  await append(1, [])()
  await append(2, [mint(0, alice)])()
  const reads = await store.openReads(CHAIN)
  const { members, wallets, addresses, ids } = store.custody
  const wallet = { uuid: 'w', principal: 'ann', type: 'MPC', name: 'w', metadata: '{}' } as const
  await wallets.add({ ...wallet, status: 'active', createdAt: 1, updatedAt: 1 }, 1)
  for (const address of accounts) {
    await addresses.add({ principal: 'ann', wallet: 'w', family: 'evm', address, at: 1, max: 1_000 })
  }
  const assetOf = (digit: number) =>
    ({ standard: 'erc20', reference: `0x${digit.toString(16).padStart(40, '9')}` }) as const
  let added = 0
  const workOf = (count: number): Readonly<Record<string, () => Promise<unknown>>> => {
    const some = accounts.slice(0, count)
    const keys = some.map((account) => ({ account, asset: ASSETS[0], item: '' }))
    const fresh = some.map((address) => ({ address, asset: assetOf(++added) }))
    return {
      pairs: () => reads.pairs.since(keys, 1),
      'balances of a block': async () => reads.balances(keys, 1),
      blocks: () => reads.locate(some.map((_, index) => ({ number: index % 3, hash: hashOf(0, index % 3) }))),
      positions: () =>
        reads.walk({
          at: { number: 1, hash: hashOf(0, 1) },
          after: { share: 0 },
          limit: count,
          account: undefined,
          assets: undefined,
        }),
      members: () =>
        members.add(
          fresh.map((one) => ({ ...one, family: 'evm', chain: CHAIN })),
          2,
        ),
      ids: () => ids.ofAssets(fresh.map(({ asset }) => ({ chain: CHAIN, asset, candidates: () => [asset.reference] }))),
      'a page of members': () => members.rows({ principal: 'ann' }, { after: 0, limit: count }),
    }
  }
  const counted = async (count: number): Promise<Readonly<Record<string, readonly number[]>>> => {
    const trips: [string, readonly number[]][] = []
    for (const [name, work] of Object.entries(workOf(count))) trips.push([name, await tripsOf(work)])
    return Object.fromEntries(trips)
  }
  // The first reads make connections, and remember assets.
  await counted(2)
  const few = await counted(2)
  expect(await counted(40)).toEqual(few)
  for (const [name, of] of Object.entries(few)) expect([name, Math.max(0, ...of) < 12]).toEqual([name, true])
})
