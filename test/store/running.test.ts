/** What running processes tell each other through the store, each through a store of its own. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { RateLimit } from '../../src/access/rate-limit.ts'
import { HEX_ACCOUNTS } from '../../src/core/account.ts'
import type { BalanceKey } from '../../src/core/balance.ts'
import { MAX_COMPARISON_REQUESTS } from '../../src/store/seam/comparison-requests.ts'
import { type IndexerReport, REPORT_STALE_MS } from '../../src/store/seam/indexer-reports.ts'
import type { Store } from '../../src/store/seam/store.ts'
import { SqliteStore } from '../../src/store/sqlite/store.ts'
import { CHAIN } from '../indexer/harness.ts'
import { ACCOUNTS, ASSETS } from './chains.ts'
import { ENGINES, type StorePlace } from './engines.ts'

const NOW = 1_700_000_000_000
const EMPTY: IndexerReport = {
  at: NOW,
  hasEnded: false,
  stopped: undefined,
  beat: undefined,
  heads: [],
  wait: undefined,
  nodeWarnings: [],
}
const FULL: IndexerReport = {
  at: NOW,
  hasEnded: false,
  stopped: { code: 'STORE_DAMAGED', error: 'broken' },
  beat: {
    state: 'live',
    head: { number: 9, hash: '0x9', parentHash: '0x8', timestamp: 99 },
    caughtUpAt: 100,
    error: 'no answer',
    auditError: undefined,
    counts: { calls: 3, transfers: 4 },
    at: 101,
  },
  heads: [{ number: 9, hash: '0x9', at: 98 }],
  wait: { for: 'block 10', since: NOW - 6_000 },
  nodeWarnings: [{ node: 'http://a', says: 'refuses batches', at: 97 }],
}

const put = (store: Store, [writer, hasLease]: readonly [string, boolean], report: IndexerReport) =>
  store.reports.put({ chain: CHAIN, writer, hasLease, report })
const seen = async (store: Store) => (await store.reports.all()).get(CHAIN)

const policy = { name: 'free', points: 3, seconds: 60, maxKeys: 10 }

const keyOf = (item: string): BalanceKey => ({ account: ACCOUNTS[0] ?? '', asset: ASSETS[0], item })

describe.each(ENGINES)('$name', ({ makePlace }) => {
  let place: StorePlace
  let one: Store
  let other: Store
  beforeEach(async () => {
    place = await makePlace()
    one = await place.open()
    other = await place.open()
  })
  afterEach(() => place.end())

  describe('reports', () => {
    test('reach another process whole, and are read again only after a change', async () => {
      expect((await other.reports.all()).size).toBe(0)
      await put(one, ['a', true], FULL)
      expect(await seen(other)).toEqual(FULL)
      expect(await other.reports.all()).toBe(await other.reports.all())
      await put(one, ['a', true], EMPTY)
      expect([await seen(other), await seen(one)]).toEqual([EMPTY, EMPTY])
    })

    test('of a process that waits for the lease do not hide those of the one that has it', async () => {
      await put(one, ['a', true], FULL)
      await put(other, ['b', false], EMPTY)
      expect(await seen(one)).toEqual(FULL)
      // The lease moved.
      await put(other, ['b', true], EMPTY)
      expect(await seen(one)).toEqual(EMPTY)
      await put(one, ['a', false], FULL)
      expect(await seen(one)).toEqual(EMPTY)
    })

    test.each([REPORT_STALE_MS + 1, -REPORT_STALE_MS - 1])(
      'of a dead process are replaced: one that is %i ms newer',
      async (by) => {
        await put(one, ['a', true], FULL)
        await put(other, ['b', false], { ...EMPTY, at: NOW + by })
        expect(await seen(one)).toEqual({ ...EMPTY, at: NOW + by })
      },
    )
  })

  describe('comparisons', () => {
    test('are taken once, in order, by the chain that they are for', async () => {
      for (const item of ['1', '2', '1']) await one.comparisons.add(CHAIN, keyOf(item))
      expect(await other.comparisons.take(CHAIN)).toEqual([keyOf('1'), keyOf('2')])
      expect(await other.comparisons.take(CHAIN)).toEqual([])
      expect(await one.comparisons.take(CHAIN)).toEqual([])
    })

    test('are bounded', async () => {
      for (let item = 0; item < MAX_COMPARISON_REQUESTS + 5; item++) await one.comparisons.add(CHAIN, keyOf(`${item}`))
      expect(await other.comparisons.take(CHAIN)).toHaveLength(MAX_COMPARISON_REQUESTS)
    })
  })

  describe('counts', () => {
    test('of two processes are one, and a window begins anew when it has ended or the clock was set back', async () => {
      const add = async (store: Store, at: number) => (await store.callCounts.add(policy, 'k', at)).count
      expect([await add(one, NOW), await add(other, NOW + 1), await add(one, NOW + 59_999)]).toEqual([1, 2, 3])
      expect(await other.callCounts.add(policy, 'k', NOW + 60_000)).toEqual({ count: 1, endsAt: NOW + 120_000 })
      expect(await add(one, NOW - 3_600_000)).toBe(1)
      expect((await one.callCounts.add({ ...policy, name: 'other' }, 'k', NOW)).count).toBe(1)
    })

    test('go on where a process that read the clock first writes last', async () => {
      expect((await one.callCounts.add(policy, 'k', NOW)).count).toBe(1)
      expect(await other.callCounts.add(policy, 'k', NOW - 5)).toEqual({ count: 2, endsAt: NOW + 60_000 })
    })

    test('of many keys are bounded: those that end first are forgotten', async () => {
      for (let key = 0; key < 300; key++) await one.callCounts.add(policy, `k${key}`, NOW + key)
      // Some were forgotten, and the newest ones were not.
      expect((await other.callCounts.add(policy, 'k0', NOW + 300)).count).toBe(1)
      expect((await other.callCounts.add(policy, 'k299', NOW + 300)).count).toBe(2)
    })

    test('limit the calls of both', async () => {
      const [here, there] = [new RateLimit(policy, one.callCounts), new RateLimit(policy, other.callCounts)]
      expect(await here.take('k')).toMatchObject({ allowed: true, remaining: 2, limit: 3, resetSeconds: 60 })
      expect(await there.penalty('k')).toMatchObject({ allowed: true, remaining: 1 })
      expect(await here.take('k')).toMatchObject({ allowed: true, remaining: 0 })
      expect(await there.take('k')).toMatchObject({ allowed: false, remaining: 0 })
      expect(await there.penalty('k')).toMatchObject({ allowed: false, remaining: 0 })
    })
  })
})

describe('the file of running processes', () => {
  let folder = ''
  let one: Store
  let other: Store
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'steelyard-running-'))
    const open = () => new SqliteStore({ folder, codecOf: () => HEX_ACCOUNTS })
    one = open()
    other = open()
  })
  afterEach(async () => {
    await one.close()
    await other.close()
    rmSync(folder, { recursive: true })
  })

  test('that was deleted is made again with the next report', async () => {
    await put(one, ['a', true], FULL)
    for (const end of ['', '-wal', '-shm']) rmSync(join(folder, `running.db${end}`))
    await put(one, ['a', true], EMPTY)
    expect([await seen(one), await seen(other)]).toEqual([EMPTY, EMPTY])
  })

  test('that is damaged gives an error that names the remedy; the rest of the store works', async () => {
    writeFileSync(join(folder, 'running.db'), Buffer.alloc(8_192, 'x'))
    await expect(put(one, ['a', true], FULL)).rejects.toMatchObject({
      code: 'STORE_DAMAGED',
      message: expect.stringContaining('it holds only what running processes tell each other'),
    })
    expect(await one.keys.list()).toEqual([])
  })

  test('that is damaged leaves each process its own counts', async () => {
    writeFileSync(join(folder, 'running.db'), Buffer.alloc(8_192, 'x'))
    const limit = new RateLimit({ ...policy, points: 1 }, one.callCounts)
    expect([(await limit.take('k')).allowed, (await limit.take('k')).allowed]).toEqual([true, false])
  })
})
