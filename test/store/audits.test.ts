import { setImmediate as nextTick } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { MAX_AMOUNT } from '../../src/core/amount.ts'
import { type Accounting, type AssetRef, assetKey } from '../../src/core/asset.ts'
import type { Observation } from '../../src/core/balance.ts'
import type { Header } from '../../src/core/block.ts'
import type { Coverage } from '../../src/core/coverage.ts'
import type { ChainReads, Journal } from '../../src/store/seam/store.ts'
import { CHAIN } from '../indexer/harness.ts'
import { ACCOUNTS, ASSETS, hashOf, type Movement, makeBlock } from './chains.ts'
import { BELIEVE_ALL } from './dump.ts'
import { ENGINES, type StorePlace } from './engines.ts'

describe.each(ENGINES)('$name', ({ makePlace }) => {
  const [alice = '', bob = ''] = ACCOUNTS
  const [coin, , deed] = ASSETS
  let place: StorePlace
  let journal: Journal
  let reads: ChainReads

  async function open(coverage: Coverage, classes: ReadonlyMap<string, Accounting> = new Map()): Promise<void> {
    ;({ journal, reads } = await place.openChain(coverage, { classesOf: () => classes }))
  }
  beforeEach(async () => {
    place = await makePlace()
  })
  afterEach(() => place.end())

  const FROM_10: Coverage = { scope: { type: 'all' }, from: 10 }
  const WHOLE: Coverage = { scope: { type: 'all' }, from: 0 }

  function headerOf(number: number, branch = 0): Header {
    return { number, hash: hashOf(branch, number), parentHash: hashOf(branch, number - 1), timestamp: number * 12 }
  }

  function move(from: string | undefined, to: string | undefined, amount: bigint): Movement {
    return { asset: coin, from, to, amount, item: 0 }
  }

  async function append(number: number, movements: readonly Movement[] = []): Promise<void> {
    const header = { ...headerOf(number), parentHash: (await journal.state()).written?.hash ?? '0x' }
    await journal.append({ first: number, through: header, blocks: [makeBlock(movements, header)], headers: [header] })
  }

  function read(account: string, amount: bigint, number: number): Observation {
    return { account, asset: coin, item: '', amount, block: headerOf(number), observedAt: 0 }
  }

  async function silentOf(): Promise<(boolean | undefined)[]> {
    await nextTick()
    return Promise.all([coin, deed].map(async (asset) => (await reads.asset(asset))?.unreadable))
  }

  describe('an unreadable token', () => {
    const heard = (number: number, silent: readonly AssetRef[], answering: readonly AssetRef[] = []) =>
      journal.audits.noteReadability({ block: headerOf(number), unreadable: silent, answering })

    test('is unreadable from the block where no balance could be read until one could; a rollback undoes only the end', async () => {
      await open(WHOLE)
      await append(0, [move(undefined, alice, 1n), { ...move(undefined, alice, 1n), asset: deed }])
      for (const number of [1, 2, 3, 4]) await append(number)
      expect(await silentOf()).toEqual([false, false])
      await heard(1, [coin], [deed])
      await heard(2, [coin])
      expect(await silentOf()).toEqual([true, false])
      await heard(3, [deed], [coin])
      expect(await silentOf()).toEqual([false, true])
      await journal.rollback(headerOf(2))
      expect(await silentOf()).toEqual([true, true])
      await journal.rollback(headerOf(0))
      expect(await silentOf()).toEqual([true, true])
    })

    test('is not recorded at a block that is not ours, or for an asset that is not stored', async () => {
      await open(WHOLE)
      await append(0, [move(undefined, alice, 1n)])
      await journal.audits.noteReadability({ block: headerOf(0, 7), unreadable: [coin], answering: [] })
      await heard(0, [deed])
      expect(await silentOf()).toEqual([false, undefined])
    })
  })

  async function amountsOf(account: string, blocks: readonly (number | undefined)[]): Promise<(bigint | undefined)[]> {
    await nextTick()
    const amounts: (bigint | undefined)[] = []
    for (const asOf of blocks) {
      const { rows } = await reads.balances([{ account, asset: coin, item: '' }], asOf)
      amounts.push(rows[0]?.amount)
    }
    return amounts
  }

  describe('a pair that is older than the coverage', () => {
    test('has a known history after one read at any block of ours', async () => {
      await open(FROM_10)
      await append(10, [move(alice, bob, 30n)])
      await append(11, [move(alice, bob, 5n)])
      await append(12, [move(bob, alice, 1n)])
      expect(await amountsOf(alice, [undefined, 11])).toEqual([undefined, undefined])
      expect(await journal.adopt([read(alice, 65n, 11), read(alice, 66n, 12)])).toEqual([
        { outcome: 'adopted' },
        { outcome: 'equal' },
      ])
      expect(await amountsOf(alice, [undefined, 12, 11, 10, 9, 8])).toEqual([66n, 66n, 65n, 70n, 100n, undefined])
      expect(await journal.adopt([read(alice, 67n, 12)])).toEqual([{ outcome: 'different', journal: 66n }])
    })

    test('is in the list of its account once it was read, even without a change inside the coverage', async () => {
      await open(FROM_10)
      await append(10, [move(undefined, bob, 1n)])
      expect(await journal.adopt([read(alice, 9n, 10)])).toEqual([{ outcome: 'adopted' }])
      await append(11, [move(alice, bob, 4n)])
      expect(await amountsOf(alice, [undefined, 10])).toEqual([5n, 9n])
      const standards = ['erc20'] as const
      const list = { account: alice, standards, receivedOnly: true, assets: undefined, offset: 0, limit: 9 }
      expect(await reads.account(list)).toMatchObject({ count: 1, rows: [{ amount: 5n }] })
      expect(await reads.holders({ asset: coin, offset: 0, limit: 9 })).toMatchObject({
        count: 1,
        rows: [{ account: alice, amount: 5n }],
      })
    })

    test('is unknown again, and no longer listed, when the read’s block is rolled back', async () => {
      await open(FROM_10)
      await append(10, [move(undefined, bob, 1n)])
      await append(11)
      const before = await place.dumpChain(CHAIN)
      await append(12)
      await journal.adopt([read(alice, 9n, 12), read(bob, 8n, 12)])
      expect(await amountsOf(bob, [undefined, 9])).toEqual([8n, 7n])
      await journal.rollback(headerOf(11))
      expect(await place.dumpChain(CHAIN)).toEqual(before)
    })

    test('is known from the first block that fits the read, if its history contradicts the read', async () => {
      await open(FROM_10)
      await append(10, [move(alice, bob, 50n)])
      await append(11, [move(undefined, alice, 80n)])
      await append(12, [])
      // The changes since block 9 add up to 30. With 20 at block 12, the amount before block 11 would be negative.
      expect(await journal.adopt([read(alice, 20n, 12)])).toEqual([{ outcome: 'reopened' }])
      expect(await amountsOf(alice, [undefined, 12])).toEqual([undefined, undefined])
      await place.exec(CHAIN, BELIEVE_ALL)
      expect(await amountsOf(alice, [undefined, 12, 11, 10, 9])).toEqual([20n, 20n, 20n, undefined, undefined])
    })
  })

  describe('a sum that goes out of range', () => {
    test('is unknown until a read, then in doubt, and known from the read on once the doubt is resolved', async () => {
      await open(WHOLE)
      await append(0, [move(undefined, alice, 10n)])
      await append(1, [move(alice, bob, 25n)])
      await append(2, [move(undefined, alice, 100n)])
      expect(await amountsOf(alice, [undefined, 0])).toEqual([undefined, undefined])
      expect((await journal.audits.next('doubts', { keys: 9, perToken: 9 })).keys).toEqual([
        { account: alice, asset: coin, item: '' },
      ])
      expect(await journal.adopt([read(alice, 90n, 2)])).toEqual([{ outcome: 'reopened' }])
      await append(3, [move(alice, bob, 1n)])
      expect(await amountsOf(alice, [undefined, 2])).toEqual([undefined, undefined])
      await place.exec(CHAIN, BELIEVE_ALL)
      expect(await amountsOf(alice, [undefined, 2, 1])).toEqual([89n, 90n, undefined])
      // The walk returns it until it is investigated, and its history is not whole.
      expect((await journal.audits.next('doubts', { keys: 9, perToken: 9 })).keys).toHaveLength(1)
      const key = { account: alice, asset: coin, item: '' }
      expect(await journal.audits.expected(key, 3)).toEqual({ amount: 89n, whole: false, contradicted: 1 })
      await journal.rollback(headerOf(1))
      expect(await amountsOf(alice, [undefined])).toEqual([undefined])
      expect((await journal.audits.next('doubts', { keys: 9, perToken: 9 })).keys).toHaveLength(1)
    })

    test('does not matter within a block: contracts log in any order', async () => {
      await open(WHOLE)
      await append(0, [move(alice, bob, 10n), move(undefined, alice, 10n)])
      expect(await amountsOf(alice, [undefined])).toEqual([0n])
    })

    test('can also be above the greatest amount', async () => {
      await open(WHOLE)
      await append(0, [move(undefined, alice, MAX_AMOUNT)])
      await append(1, [move(undefined, alice, 1n)])
      expect(await amountsOf(alice, [undefined])).toEqual([undefined])
    })
  })

  describe('reads that prove nothing', () => {
    test('of another block than ours, or of a block that we do not have', async () => {
      await open(WHOLE)
      await append(0, [move(undefined, alice, 10n)])
      expect(await journal.adopt([{ ...read(alice, 10n, 0), block: headerOf(0, 1) }, read(alice, 10n, 1)])).toEqual([
        { outcome: 'not_canonical' },
        { outcome: 'not_canonical' },
      ])
    })

    test('of the native asset, of `reads` tokens and of accounts outside the scope', async () => {
      const classes = new Map([[assetKey(coin), 'reads' as const]])
      await open({ scope: { type: 'accounts', accounts: [alice] }, from: 0 }, classes)
      await append(0, [move(undefined, alice, 10n)])
      const native = { standard: 'native', reference: '60' } as const
      const outcomes = await journal.adopt([
        { ...read(alice, 1n, 0), asset: native },
        read(alice, 1n, 0),
        { ...read(bob, 0n, 0), asset: deed },
      ])
      expect(outcomes).toEqual(outcomes.map(() => ({ outcome: 'not_covered' })))
    })
  })

  describe('an NFT contract that is read as a coin', () => {
    const asCoin = { standard: 'erc20', reference: deed.reference } as const

    test.each([0, 10])('is neither compared nor adopted, with coverage from block %i', async (from) => {
      await open({ scope: { type: 'all' }, from })
      await append(from, [{ asset: deed, from: undefined, to: alice, amount: 1n, item: 7 }])
      expect(await journal.adopt([{ ...read(alice, 1n, from), asset: asCoin }])).toEqual([{ outcome: 'not_covered' }])
      await nextTick()
      expect(await reads.asset(asCoin)).toBeUndefined()
    })
  })

  describe('a reclassification', () => {
    const evidence = { account: alice, item: '', journal: 10n, chain: 11n }
    const reclassification = { asset: coin, block: headerOf(1), reason: 'balance', evidence } as const

    test('is visible to readers at once, with its evidence, and survives the rollback of its block', async () => {
      await open(WHOLE)
      await append(0, [move(undefined, alice, 10n)])
      await append(1)
      expect((await reads.asset(coin))?.accounting).toBe('events')
      expect(await journal.reclassify({ ...reclassification, block: headerOf(1, 7) })).toBe('not_canonical')
      expect(await journal.reclassify(reclassification)).toBe('reclassified')
      expect(await journal.reclassify(reclassification)).toBe('already')
      await nextTick()
      expect((await reads.asset(coin))?.accounting).toBe('reads')
      const [token] = await reads.audits.tokens({ accounting: 'reads', after: 0, limit: 5 })
      expect(token).toMatchObject({
        asset: coin,
        transfers: 1,
        reclassification: { reason: 'balance', evidence, block: { number: 1 } },
      })
      expect(await reads.audits.classes()).toEqual({ assets: 1, reclassified: 1 })
      await journal.rollback(headerOf(0))
      await nextTick()
      expect((await reads.asset(coin))?.accounting).toBe('reads')
      expect((await journal.doubts.next('', 9)).unsure).toEqual([])
    })

    test.each([true, false])('of a token of a lost branch stays if its contract is older: %s', async (stays) => {
      await open(WHOLE)
      await append(0)
      await append(1, [move(undefined, alice, 10n)])
      await journal.reclassify(reclassification)
      await journal.rollback(headerOf(0))
      expect((await journal.doubts.next('', 9)).unsure).toEqual([{ asset: coin, account: alice, at: 0 }])
      await nextTick()
      expect((await reads.asset(coin))?.accounting).toBe('reads')
      await journal.doubts.resolve({ block: headerOf(0), keys: [], supplies: [], classes: [{ asset: coin, stays }] })
      await nextTick()
      expect((await reads.asset(coin))?.accounting).toBe(stays ? 'reads' : 'events')
      expect((await journal.doubts.next('', 9)).unsure).toEqual([])
    })

    test('never changes a class that the configuration fixes', async () => {
      await open(WHOLE, new Map([[assetKey(coin), 'events' as const]]))
      await append(0, [move(undefined, alice, 10n)])
      await append(1)
      expect(await journal.reclassify(reclassification)).toBe('fixed')
      expect(await reads.asset(coin)).toMatchObject({ accounting: 'events', fixed: true })
    })
  })

  test('a supply is the sum of mints, burns and openings, and undefined if it cannot be known', async () => {
    await open(WHOLE)
    await append(0, [move(undefined, alice, 100n), move(alice, bob, 5n), move(alice, undefined, 10n)])
    expect((await journal.audits.supplies([coin, deed])).supplies).toEqual([90n, undefined])
    await append(1, [move(bob, alice, 6n)])
    expect((await journal.audits.supplies([coin])).supplies).toEqual([undefined])
    await journal.adopt([read(bob, 0n, 1)])
    expect(await journal.audits.supplies([coin])).toMatchObject({ block: { number: 1 }, supplies: [91n] })
    await journal.rollback(headerOf(0))
    expect((await journal.audits.supplies([coin])).supplies).toEqual([90n])
  })
})
