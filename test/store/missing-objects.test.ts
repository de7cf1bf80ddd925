/** Tables, columns and indexes that somebody dropped are named when a store is opened, and nothing is written. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { backUpStore } from '../../src/store/back-up.ts'
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
    const refused = lacks(what, what.startsWith('index') ? 'CREATE INDEX keys_by_user ON keys' : 'backup')
    await expect(place.open()).rejects.toEqual(refused)
    await expect(migratePart(place.url, STORE)).rejects.toEqual(refused)
  })

  test('a store that only lacks an index is saved, and goes on once the index is made again', async () => {
    const place = await madePlace()
    await place.execRecords('DROP INDEX keys_by_user')
    const refused = await place.open().then(
      () => '',
      (error: Error) => error.message,
    )
    const file = join(mkdtempSync(join(tmpdir(), 'steelyard-missing-')), 'saved')
    onTestFinished(() => rmSync(dirname(file), { recursive: true }))
    const watch = { onProgress: () => undefined, signal: new AbortController().signal }
    await backUpStore({ url: place.url, file, program: 'test', at: new Date(0), ...watch })
    await place.execRecords(/CREATE INDEX [^;]*/.exec(refused)?.[0] ?? refused)
    await (await place.open()).close()
  })

  test('of the journal of a chain, beside which the store can be used, and the chain be reset', async () => {
    const place = await madePlace()
    await place.exec(CHAIN, 'DROP TABLE openings; DROP INDEX blocks_by_time')
    const refused = lacks('table openings', '"steelyard reset eip155:1"')
    const store = await place.open()
    await expect(store.openReads(CHAIN)).rejects.toEqual(refused)
    await expect(store.openJournal(CHAIN, { scope: { type: 'all' }, from: 0 })).rejects.toEqual(refused)
    await expect(migratePart(place.url, JOURNAL)).rejects.toEqual(refused)
    await place.endLeases()
    await store.forget(CHAIN)
    await (await store.openJournal(CHAIN, { scope: { type: 'all' }, from: 0 })).close()
  })
})
