import { setImmediate as nextTick } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { HEX_ACCOUNTS } from '../../src/core/account.ts'
import { type Accounting, type AssetRef, assetKey } from '../../src/core/asset.ts'
import type { Header } from '../../src/core/block.ts'
import type { ChainReads, Journal, Store } from '../../src/store/seam/store.ts'
import { CHAIN } from '../indexer/harness.ts'
import { ACCOUNTS, ASSETS, hashOf, type Movement, makeBlock } from './chains.ts'
import { ENGINES, type StorePlace } from './engines.ts'

describe.each(ENGINES)('$name', ({ makePlace }) => {
  const [alice = '', bob = '', carol = ''] = ACCOUNTS
  const [coin, other] = ASSETS
  let place: StorePlace
  let store: Store
  let journal: Journal
  let reads: ChainReads

  async function open(classes: ReadonlyMap<string, Accounting> = new Map()): Promise<void> {
    store = await place.open({ codecOf: () => HEX_ACCOUNTS, classesOf: () => classes })
    journal = await store.openJournal(CHAIN, { scope: { type: 'all' }, from: 0 })
    reads = await store.openReads(CHAIN)
  }
  async function close(): Promise<void> {
    await nextTick()
    await journal.close()
    await store.close()
  }
  beforeEach(async () => {
    place = await makePlace()
    await open()
  })
  afterEach(async () => {
    await close()
    await place.end()
  })

  function headerOf(number: number, branch = 0): Header {
    return { number, hash: hashOf(branch, number), parentHash: hashOf(branch, number - 1), timestamp: number * 12 }
  }

  function mint(to: string, asset: AssetRef = coin): Movement {
    return { asset, from: undefined, to, amount: 10n, item: 0 }
  }

  async function append(number: number, movements: readonly Movement[]): Promise<void> {
    const header = { ...headerOf(number), parentHash: (await journal.state()).written?.hash ?? '0x' }
    await journal.append({ first: number, through: header, blocks: [makeBlock(movements, header)], headers: [header] })
  }

  const refuted = (account: string | undefined, asset: AssetRef = coin) => ({ asset, account, item: '' })

  /** What readers see in a new tick: the amount of each account, `?` if it is in doubt, `-` if there is no row. */
  async function seen(asset: AssetRef = coin, asOf?: number): Promise<string> {
    await nextTick()
    const keys = [alice, bob, carol].map((account) => ({ account, asset, item: '' }))
    const { rows } = await reads.balances(keys, asOf)
    return rows.map((row) => (row === undefined ? '-' : row.inDoubt ? '?' : String(row.amount))).join(' ')
  }

  describe('a refuted amount', () => {
    beforeEach(() => append(0, [mint(alice), mint(bob), mint(alice, other)]))

    test('puts one balance in doubt in every view of it, and nothing else', async () => {
      expect(await seen()).toBe('10 10 -')
      await journal.doubts.refute([refuted(alice)])
      expect([await seen(), await seen(coin, 0), await seen(other)]).toEqual(['? 10 -', '? 10 -', '10 - -'])
      const query = { standards: ['erc20'] as const, receivedOnly: false, offset: 0, limit: 9, assets: undefined }
      for (const asOf of [undefined, 0]) {
        for (const assets of [undefined, [coin, other]]) {
          const { rows, inDoubt } = await reads.account({ ...query, account: alice, assets, asOf })
          expect(rows.map((row) => [row.amount, row.inDoubt])).toEqual([
            [undefined, true],
            [10n, false],
          ])
          expect(inDoubt).toBe(false)
        }
      }
      expect((await reads.holders({ asset: coin, offset: 0, limit: 9 })).inDoubt).toBe(true)
      expect((await reads.holders({ asset: other, offset: 0, limit: 9 })).inDoubt).toBe(false)
      const at = (await reads.clock()).published ?? { number: 0, hash: '' }
      const page = await reads.walk({ after: { share: 0 }, at, limit: 9 })
      expect(page.rows.map(({ amount, inDoubt }) => [amount, inDoubt])).toEqual([
        [undefined, true],
        [10n, false],
        [10n, false],
      ])
    })

    test('puts the token in doubt once a second balance is refuted, until both are resolved', async () => {
      await journal.doubts.refute([refuted(alice), refuted(bob)])
      expect([await seen(), await seen(other)]).toEqual(['? ? ?', '10 - -'])
      expect((await reads.asset(coin))?.inDoubt).toBe(true)
      const block = headerOf(0)
      const settle = (account: string) =>
        journal.doubts.resolve({ block, keys: [{ account, asset: coin, item: '' }], supplies: [] })
      await settle(alice)
      expect(await seen()).toBe('? ? ?')
      await settle(bob)
      expect(await seen()).toBe('10 10 -')
      expect((await reads.clock()).doubts).toEqual({
        pairs: 0,
        tokens: 0,
        chain: false,
        refetching: undefined,
        unlooked: false,
      })
    })

    test('of a supply is not resolved by a read from before the last refutation', async () => {
      await journal.doubts.refute([refuted(undefined)])
      await append(1, [mint(bob)])
      await journal.doubts.refute([refuted(undefined)])
      await journal.doubts.resolve({ block: headerOf(0), keys: [], supplies: [coin] })
      expect(await seen()).toBe('? ? ?')
      await journal.doubts.resolve({ block: headerOf(1), keys: [], supplies: [coin] })
      expect(await seen()).toBe('10 20 -')
    })

    test('is settled on a new branch that is shorter than the one where it was refuted', async () => {
      for (const number of [1, 2, 3]) await append(number, [])
      await journal.doubts.refute([refuted(alice), refuted(undefined)])
      await journal.rollback(headerOf(1))
      const keys = [{ account: alice, asset: coin, item: '' }]
      await journal.doubts.resolve({ block: headerOf(1), keys, supplies: [coin] })
      expect(await seen()).toBe('10 10 -')
    })

    test('of a balance is not resolved by a read from before the last refutation', async () => {
      await journal.doubts.refute([refuted(alice)])
      await append(1, [mint(bob)])
      await journal.doubts.refute([refuted(alice)])
      const settleAt = (number: number) =>
        journal.doubts.resolve({
          block: headerOf(number),
          keys: [{ account: alice, asset: coin, item: '' }],
          supplies: [],
        })
      await settleAt(0)
      expect(await seen()).toBe('? 20 -')
      await settleAt(1)
      expect(await seen()).toBe('10 20 -')
    })

    test('of a supply puts the token in doubt until the supply is equal', async () => {
      await journal.doubts.refute([refuted(undefined)])
      expect([await seen(), await seen(other)]).toEqual(['? ? ?', '10 - -'])
      expect((await journal.doubts.next('', 9)).supplies).toEqual([coin])
      await journal.doubts.resolve({ block: headerOf(0, 7), keys: [], supplies: [coin] })
      expect(await seen()).toBe('? ? ?')
      await journal.doubts.resolve({ block: headerOf(0), keys: [], supplies: [coin] })
      expect(await seen()).toBe('10 10 -')
    })

    test('of a balance without a row puts the balance and its account’s list in doubt', async () => {
      await journal.doubts.refute([refuted(carol)])
      expect(await seen()).toBe('10 10 ?')
      const query = { standards: ['erc20'] as const, receivedOnly: false, offset: 0, limit: 9, assets: undefined }
      expect((await reads.account({ ...query, account: carol })).inDoubt).toBe(true)
      expect((await reads.account({ ...query, account: alice })).inDoubt).toBe(false)
    })

    test('stays in doubt after a restart, and after a rollback below it', async () => {
      await append(1, [mint(carol)])
      await journal.doubts.refute([refuted(alice), refuted(carol, other)])
      await close()
      await open()
      expect([await seen(), await seen(other)]).toEqual(['? 10 10', '10 - ?'])
      await journal.rollback(headerOf(0))
      expect([await seen(), await seen(other)]).toEqual(['? 10 -', '10 - ?'])
    })

    test('is no longer in doubt once the token is reclassified', async () => {
      await journal.doubts.refute([refuted(alice), refuted(bob), refuted(undefined)])
      const evidence = { account: alice, item: '', journal: 10n, chain: 9n }
      await journal.reclassify({ asset: coin, block: headerOf(0), reason: 'balance', evidence })
      await nextTick()
      expect(await reads.asset(coin)).toMatchObject({ accounting: 'reads', inDoubt: false })
      expect((await reads.clock()).doubts.pairs).toBe(0)
    })

    test('is not marked if an operator fixed the class, or if the token has `reads` accounting', async () => {
      await close()
      await open(
        new Map([
          [assetKey(coin), 'events'],
          [assetKey(other), 'reads'],
        ]),
      )
      await journal.doubts.refute([refuted(alice), refuted(undefined), refuted(alice, other)])
      expect((await journal.doubts.state()).pairs).toBe(0)
      expect(await seen()).toBe('10 10 -')
    })

    test('is returned page by page: each page continues after the last, and the first page follows the end', async () => {
      await journal.doubts.refute([refuted(alice), refuted(bob), refuted(alice, other)])
      const walked: string[] = []
      let place = ''
      for (let step = 0; step < 4; step++) {
        const { keys, cursor: reached } = await journal.doubts.next(place, 2)
        walked.push(keys.map(({ account, asset }) => `${account.at(-1)}${asset.reference.at(-1)}`).join())
        place = reached
      }
      expect(walked).toEqual(['1a,2a', '1b,1a', '2a,1b', '1a,2a'])
    })
  })
})
