import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Coverage, coverageTest } from '../../src/core/coverage.ts'
import type { Store } from '../../src/store/seam/store.ts'
import { ACCOUNTS, ASSETS, hashOf, makeBlock } from './chains.ts'
import { CHAIN, ENGINES, type StorePlace } from './engines.ts'

const ALL: Coverage = { scope: { type: 'all' }, from: 0 }
const [alice = '', bob = ''] = ACCOUNTS

describe.each(ENGINES)('$name', ({ makePlace }) => {
  let place: StorePlace
  let store: Store
  beforeEach(async () => {
    place = await makePlace()
    store = await place.open()
  })
  afterEach(() => place.end())

  test('a chain has one writer; the next one can open it after the first has closed', async () => {
    const journal = await store.openJournal(CHAIN, ALL)
    await expect(store.openJournal(CHAIN, ALL)).rejects.toMatchObject({ code: 'LEASE_HELD' })
    await journal.close()
    await (await store.openJournal(CHAIN, ALL)).close()
  })

  test('a writer that was replaced by another writes nothing', async () => {
    const journal = await store.openJournal(CHAIN, ALL)
    await place.takeOver(CHAIN)
    const header = { number: 0, hash: hashOf(0, 0), parentHash: '0x', timestamp: 0 }
    const batch = { first: 0, through: header, blocks: [], headers: [header] }
    await expect(journal.append(batch)).rejects.toMatchObject({ code: 'LEASE_LOST' })
    await journal.close()
    expect((await (await store.openReads(CHAIN)).clock()).published).toBeUndefined()
  })

  test('a chain that was indexed under one coverage is not continued under another', async () => {
    await (await store.openJournal(CHAIN, ALL)).close()
    await expect(store.openJournal(CHAIN, { scope: { type: 'all' }, from: 5 })).rejects.toMatchObject({
      code: 'STORE_MISMATCH',
    })
  })

  describe('the addresses of a scope', () => {
    const tokens = (...some: readonly string[]): Coverage => ({ scope: { type: 'tokens', tokens: some }, from: 3 })

    test('are a set: a store written in another order is continued', async () => {
      await (await store.openJournal(CHAIN, tokens(bob, alice, bob))).close()
      await (await store.openJournal(CHAIN, tokens(alice, bob))).close()
      expect((await (await store.openReads(CHAIN)).clock()).coverage).toEqual(tokens(alice, bob))
    })

    test('are counted if they differ, and the error names the command that helps', async () => {
      await (await store.openJournal(CHAIN, tokens(...ACCOUNTS))).close()
      const other = tokens(...ACCOUNTS.slice(1), `0x${'f'.repeat(40)}`, `0x${'e'.repeat(40)}`)
      await expect(store.openJournal(CHAIN, other)).rejects.toThrow(
        'the scope of eip155:1 was 5 tokens from block 3, now 6 tokens from block 3 (2 added, 1 missing): restore the ' +
          'configuration; or stop the server, run `steelyard reset eip155:1`, and start again: it is indexed anew',
      )
      const accounts: Coverage = { scope: { type: 'accounts', accounts: [alice] }, from: 0 }
      const told = /was 5 tokens from block 3, now 1 account from block 0: restore/
      await expect(store.openJournal(CHAIN, accounts)).rejects.toThrow(told)
      await expect(store.openJournal(CHAIN, ALL)).rejects.toThrow(/, now all from block 0: restore/)
    })
  })

  test('with the scope `accounts`, other accounts have no balances, since their changes would be incomplete', async () => {
    const coverage: Coverage = { scope: { type: 'accounts', accounts: [alice] }, from: 0 }
    const journal = await store.openJournal(CHAIN, coverage)
    const header = { number: 0, hash: hashOf(0, 0), parentHash: '0x', timestamp: 0 }
    const block = makeBlock([{ asset: ASSETS[0], from: bob, to: alice, amount: 5n, item: 0 }], header)
    await journal.append({ first: 0, through: header, blocks: [block], headers: [header] })
    const reads = await store.openReads(CHAIN)
    const key = (account: string) => ({ account, asset: ASSETS[0], item: '' })
    const { clock, rows } = await reads.balances([key(alice), key(bob)])
    expect(rows.map((row) => row?.amount)).toEqual([5n, undefined])
    expect(clock.coverage && coverageTest(clock.coverage, undefined).covers(bob, ASSETS[0])).toBe(false)
    await journal.close()
  })

  test('a chain that is indexed from a later block reports no amount that depends on earlier blocks', async () => {
    const journal = await store.openJournal(CHAIN, { scope: { type: 'all' }, from: 7 })
    const header = { number: 7, hash: hashOf(0, 7), parentHash: '0x', timestamp: 84 }
    const block = makeBlock([{ asset: ASSETS[0], from: undefined, to: alice, amount: 5n, item: 0 }], header)
    await journal.append({ first: 7, through: header, blocks: [block], headers: [header] })
    const reads = await store.openReads(CHAIN)
    const { rows } = await reads.balances([{ account: alice, asset: ASSETS[0], item: '' }])
    expect(rows.map((row) => row && { ...row, assetId: 0 })).toEqual([
      { assetId: 0, account: alice, item: '', amount: undefined, inDoubt: false },
    ])
    await journal.close()
  })
})
