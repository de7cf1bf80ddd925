/** A writer of a chain in PostgreSQL whose connection ends in the middle of a write, or whose lease another process took. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Coverage } from '../../src/core/coverage.ts'
import type { Journal, Store } from '../../src/store/seam/store.ts'
import { CHAIN } from '../indexer/harness.ts'
import { ACCOUNTS, ASSETS, hashOf, type Movement, makeBlock } from '../store/chains.ts'
import { dumpAfter, placeMaker, type StorePlace } from '../store/engines.ts'

const ALL: Coverage = { scope: { type: 'all' }, from: 0 }
const [alice = '', bob = ''] = ACCOUNTS
/** All tables that the append of a block writes. */
const WRITTEN = ['assets', 'blocks', 'transfers', 'changes', 'balances', 'accounts', 'feed', 'clock']

let place: StorePlace
let store: Store
let journal: Journal
beforeEach(async () => {
  place = await placeMaker('postgres')()
  store = await place.open()
  journal = await store.openJournal(CHAIN, ALL)
})
afterEach(async () => {
  await journal.close()
  await place.end()
})

function append(to: Journal, number: number, movements: readonly Movement[]) {
  const header = { number, hash: hashOf(0, number), parentHash: hashOf(0, number - 1), timestamp: number * 12 }
  return to.append({ first: number, through: header, blocks: [makeBlock(movements, header)], headers: [header] })
}

const FIRST: readonly Movement[] = [{ asset: ASSETS[0], from: undefined, to: alice, amount: 9n, item: 0 }]
const SECOND: readonly Movement[] = [
  { asset: ASSETS[0], from: alice, to: bob, amount: 4n, item: 0 },
  { asset: ASSETS[2], from: undefined, to: bob, amount: 1n, item: 2 },
]

/** What an undisturbed writer of the embedded store leaves after the same writes. */
async function undisturbed(work: (writer: Journal) => Promise<unknown>): Promise<readonly string[]> {
  return dumpAfter(placeMaker('sqlite'), ALL, work)
}

async function appendBoth(writer: Journal): Promise<void> {
  await append(writer, 0, FIRST)
  await append(writer, 1, SECOND)
}

/** Ends the connection of the next write to a table, while that write runs. */
const endAt = (table: string): string => `
  CREATE FUNCTION end_connection() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END';
  CREATE TRIGGER end_connection BEFORE INSERT OR UPDATE OR DELETE ON ${table} EXECUTE FUNCTION end_connection()`

describe('a connection that ends in the middle of an append', () => {
  test.each(WRITTEN)('at the table %s leaves nothing, and the same writer appends the block again', async (table) => {
    await append(journal, 0, FIRST)
    const before = await place.dumpChain(CHAIN)
    await place.exec(CHAIN, endAt(table))
    await expect(append(journal, 1, SECOND)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    await place.exec(CHAIN, 'DROP FUNCTION end_connection CASCADE')
    expect(await place.dumpChain(CHAIN)).toEqual(before)
    expect((await journal.state()).written?.number).toBe(0)
    await append(journal, 1, SECOND)
    expect(await place.dumpChain(CHAIN)).toEqual(await undisturbed(appendBoth))
  })

  test('at the rollback of a block leaves the block, and the same writer rolls it back', async () => {
    await appendBoth(journal)
    const whole = await place.dumpChain(CHAIN)
    await place.exec(CHAIN, endAt('clock'))
    const ancestor = { number: 0, hash: hashOf(0, 0) }
    await expect(journal.rollback(ancestor)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    await place.exec(CHAIN, 'DROP FUNCTION end_connection CASCADE')
    expect(await place.dumpChain(CHAIN)).toEqual(whole)
    expect(await journal.rollback(ancestor)).toEqual({ transfers: 2 })
    const rolledBack = await undisturbed(async (writer) => {
      await appendBoth(writer)
      await writer.rollback(ancestor)
    })
    expect(await place.dumpChain(CHAIN)).toEqual(rolledBack)
  })
})

describe('the lease of a chain', () => {
  test('is held by one writer, also for another process, until it is closed', async () => {
    const other = await place.open()
    await expect(other.openJournal(CHAIN, ALL)).rejects.toMatchObject({ code: 'LEASE_HELD' })
    await journal.close()
    await (await other.openJournal(CHAIN, ALL)).close()
  })

  test('that another process took fences each kind of write', async () => {
    await append(journal, 0, FIRST)
    const before = await place.dumpChain(CHAIN)
    await place.takeOver(CHAIN)
    const lost = { code: 'LEASE_LOST' }
    await expect(append(journal, 1, SECOND)).rejects.toMatchObject(lost)
    await expect(journal.rollback(undefined)).rejects.toMatchObject(lost)
    await expect(journal.finalize({ number: 0, hash: hashOf(0, 0) })).rejects.toMatchObject(lost)
    await expect(journal.repair([])).rejects.toMatchObject(lost)
    await expect(journal.adopt([])).rejects.toMatchObject(lost)
    expect(await place.dumpChain(CHAIN)).toEqual(before)
  })

  test('is given back if the chain was indexed under another coverage', async () => {
    await journal.close()
    for (let attempt = 0; attempt < 2; attempt++) {
      const other = store.openJournal(CHAIN, { scope: { type: 'all' }, from: 5 })
      await expect(other).rejects.toMatchObject({ code: 'STORE_MISMATCH' })
    }
    await (await store.openJournal(CHAIN, ALL)).close()
  })
})
