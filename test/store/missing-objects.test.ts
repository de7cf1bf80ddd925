/** Tables, columns, indexes and views that somebody dropped are named when a store is opened, and nothing is written. */
import { describe, expect, onTestFinished, test } from 'vitest'
import { migratePart } from '../../src/store/migrate-store.ts'
import type { StorePart } from '../../src/store/seam/store-parts.ts'
import { CHAIN, ENGINES } from './engines.ts'

const STORE: StorePart = { of: 'store' }
const JOURNAL: StorePart = { of: 'journal', chain: CHAIN }

describe.each(ENGINES)('$name', ({ makePlace }) => {
  async function madePlace() {
    const place = await makePlace()
    onTestFinished(() => place.end())
    const store = await place.open()
    await (await store.openJournal(CHAIN, { scope: { type: 'all' }, from: 0 })).close()
    return place
  }

  const lacks = (...words: readonly string[]) =>
    expect.objectContaining({
      code: 'STORE_DAMAGED',
      message: expect.toSatisfy((says: string) => ['lacks ', ...words].every((word) => says.includes(word))),
    })

  test.each([
    ['DROP TABLE price_history', 'table price_history'],
    ['DROP INDEX keys_by_user', 'index keys_by_user'],
    ['ALTER TABLE users DROP COLUMN disabled_at', 'column users.disabled_at'],
  ])('of the store itself: %s', async (drop, what) => {
    const place = await madePlace()
    await place.execRecords(drop)
    const refused = lacks(what, 'backup')
    await expect(place.open()).rejects.toEqual(refused)
    await expect(migratePart(place.url, STORE)).rejects.toEqual(refused)
  })

  test('of the journal of a chain, beside which the store can be used, and the chain be reset', async () => {
    const place = await madePlace()
    await place.exec(CHAIN, 'DROP TABLE openings; DROP INDEX blocks_by_time')
    const refused = lacks('table openings', 'index blocks_by_time', '"steelyard reset eip155:1"')
    const store = await place.open()
    await expect(store.openReads(CHAIN)).rejects.toEqual(refused)
    await expect(store.openJournal(CHAIN, { scope: { type: 'all' }, from: 0 })).rejects.toEqual(refused)
    await expect(migratePart(place.url, JOURNAL)).rejects.toEqual(refused)
    await place.endLeases()
    await store.forget(CHAIN)
    await (await store.openJournal(CHAIN, { scope: { type: 'all' }, from: 0 })).close()
  })
})
