import { setImmediate as nextTick } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { HEX_ACCOUNTS } from '../../src/core/account.ts'
import { type Accounting, type AssetRef, assetKey } from '../../src/core/asset.ts'
import type { Header } from '../../src/core/block.ts'
import type { Coverage } from '../../src/core/coverage.ts'
import type { Hint } from '../../src/core/transfer.ts'
import type { ChainReads, Journal } from '../../src/store/seam/store.ts'
import { ACCOUNTS, ASSETS, hashOf, type Movement, makeBlock } from './chains.ts'
import { ENGINES, type StorePlace } from './engines.ts'

describe.each(ENGINES)('$name', ({ makePlace }) => {
  const [alice = '', bob = '', carol = '', dave = ''] = ACCOUNTS
  const [coin, , deed, goods] = ASSETS
  const ZERO = `0x${'0'.repeat(40)}`
  const WHOLE: Coverage = { scope: { type: 'all' }, from: 0 }

  let place: StorePlace
  let journal: Journal
  let reads: ChainReads

  async function open(coverage = WHOLE, classes: ReadonlyMap<string, Accounting> = new Map()): Promise<void> {
    const codec = { ...HEX_ACCOUNTS, zeroAddress: ZERO }
    ;({ journal, reads } = await place.openChain(coverage, { codecOf: () => codec, classesOf: () => classes }))
  }
  beforeEach(async () => {
    place = await makePlace()
  })
  afterEach(() => place.end())

  function headerOf(number: number): Header {
    return {
      number,
      hash: hashOf(0, number),
      parentHash: number === 0 ? '0x' : hashOf(0, number - 1),
      timestamp: number,
    }
  }
  const moved = (account: string, asset: AssetRef = coin): Hint => ({ asset, account, reason: 'moved' })
  const undecodable = (account: string, asset: AssetRef = coin): Hint => ({ asset, account, reason: 'undecodable' })
  const minted = (to: string, asset: AssetRef = coin): Movement => ({ asset, from: undefined, to, amount: 5n, item: 1 })

  /** Appends a block. Returns the accounts of known tokens that its hints name. */
  async function append(
    number: number,
    hints: readonly Hint[],
    movements: readonly Movement[] = [],
  ): Promise<string[]> {
    const header = headerOf(number)
    const blocks = [{ ...makeBlock(movements, header), hints }]
    const { hinted } = await journal.append({ first: number, through: header, blocks, headers: [header] })
    await nextTick()
    return hinted.map(({ account, item }) => (item === '' ? account : `${account}#${item}`))
  }

  /** The tokens in an account's list, each with its amount, `in doubt` or `unknown`. */
  async function listOf(account: string): Promise<string[]> {
    const query = { account, receivedOnly: true, assets: undefined, offset: 0, limit: 9 }
    const { rows, count } = await reads.account({ ...query, standards: ['erc20'] })
    expect(count).toBe(rows.length)
    return rows.map(
      ({ asset, amount, inDoubt }) => `${assetKey(asset.asset)} ${inDoubt ? 'in doubt' : (amount ?? 'unknown')}`,
    )
  }
  const COIN = assetKey(coin)

  async function accountingOf(asset: AssetRef): Promise<Accounting | undefined> {
    return (await reads.asset(asset))?.accounting
  }

  describe('a deposit without a transfer', () => {
    test('adds a known token to the account’s list, with an amount that is in doubt until it is compared', async () => {
      await open()
      await append(0, [], [minted(alice)])
      expect(await append(1, [moved(bob)])).toEqual([bob])
      expect(await listOf(bob)).toEqual([`${COIN} in doubt`])
      expect(await listOf(alice)).toEqual([`${COIN} 5`])
      expect(await accountingOf(coin)).toBe('events')
      const key = { account: bob, asset: coin, item: '' }
      expect((await journal.doubts.next('', 9)).keys).toEqual([key])
      const [judgement] = await journal.adopt([{ ...key, amount: 0n, block: headerOf(1), observedAt: 0 }])
      expect(judgement).toEqual({ outcome: 'equal' })
      await journal.doubts.resolve({ block: headerOf(1), keys: [key], supplies: [] })
      await nextTick()
      expect(await listOf(bob)).toEqual([`${COIN} 0`])
      // Each further hint puts the amount in doubt again.
      expect(await append(2, [moved(bob)])).toEqual([bob])
      expect(await listOf(bob)).toEqual([`${COIN} in doubt`])
    })

    test('has no effect before a transfer shows that the contract is a token', async () => {
      await open()
      expect(await append(0, [moved(alice), moved(bob)])).toEqual([])
      expect(await append(1, [moved(alice)])).toEqual([])
      expect([await reads.asset(coin), await listOf(alice), await listOf(bob)]).toEqual([undefined, [], []])
      expect((await journal.doubts.state()).pairs).toBe(0)
      await append(2, [], [minted(carol)])
      // Two balances in doubt put their token in doubt.
      expect([await listOf(alice), await listOf(bob)]).toEqual([[`${COIN} in doubt`], [`${COIN} in doubt`]])
      await journal.rollback(headerOf(1))
      await nextTick()
      expect([await listOf(alice), await listOf(bob)]).toEqual([[], []])
    })

    test('adds no transfer and no holder', async () => {
      await open()
      await append(0, [moved(alice)], [minted(bob)])
      await append(1, [moved(carol)])
      const range = { fromBlock: undefined, toBlock: undefined, fromTimestamp: undefined, toTimestamp: undefined }
      const query = { asset: coin, account: undefined, ...range, offset: 0, limit: 9 }
      expect((await reads.transfers(query)).count).toBe(1)
      expect((await reads.transfers({ ...query, account: carol })).count).toBe(0)
      expect((await reads.holders({ asset: coin, offset: 0, limit: 9 })).count).toBe(1)
      expect((await reads.clock()).transfers).toBe(1)
    })

    test('of the zero address, or of an account outside the scope, is ignored', async () => {
      await open({ scope: { type: 'accounts', accounts: [alice, ZERO] }, from: 0 })
      await append(0, [], [minted(alice)])
      expect(await append(1, [moved(ZERO), moved(bob), moved(alice)])).toEqual([alice])
    })

    test('is stored for a thousand accounts of a contract that is not a token', async () => {
      await open()
      const many = Array.from({ length: 1_005 }, (_, place) =>
        moved(`0x${(place + 100).toString(16).padStart(40, '0')}`),
      )
      await append(0, many)
      await append(1, [], [minted(dave)])
      const first = many[0]?.account ?? ''
      const last = many.at(-1)?.account ?? ''
      expect([(await listOf(first)).length, (await listOf(last)).length]).toEqual([1, 0])
      // Once the token is known there is no limit.
      expect(await append(2, [moved(last)])).toEqual([last])
    })
  })

  describe('a transfer that cannot be decoded', () => {
    test('reclassifies its token to `reads`, and names the accounts to read', async () => {
      await open()
      expect(await append(0, [undecodable(alice), undecodable(bob)])).toEqual([alice, bob])
      expect(await accountingOf(coin)).toBe('reads')
      expect(await listOf(alice)).toHaveLength(1)
      const [token] = await reads.audits.tokens({ accounting: 'reads', after: 0, limit: 9 })
      expect(token).toMatchObject({
        asset: coin,
        reclassification: {
          reason: 'undecodable',
          block: { number: 0 },
          evidence: { account: alice, chain: undefined },
        },
      })
    })

    test('also reclassifies its token if it names only the zero address', async () => {
      await open()
      expect(await append(0, [undecodable(ZERO)], [minted(alice)])).toEqual([])
      expect(await accountingOf(coin)).toBe('reads')
    })

    test('does not change a class that the configuration fixes', async () => {
      await open(WHOLE, new Map([[COIN, 'events']]))
      expect(await append(0, [undecodable(alice)], [minted(bob)])).toEqual([alice])
      expect(await accountingOf(coin)).toBe('events')
      expect(await listOf(alice)).toEqual([`${COIN} 0`])
    })

    test('of items names each item and the account’s roll-up', async () => {
      await open()
      const hint = { ...undecodable(alice, goods), item: '7' }
      expect(await append(0, [hint, undecodable(bob, deed)])).toEqual([alice, `${alice}#7`, bob])
      const keys = [
        { account: alice, asset: goods, item: '7' },
        { account: bob, asset: deed, item: '' },
      ]
      expect((await reads.balances(keys)).rows.map((row) => row?.account)).toEqual([alice, bob])
    })

    test('that was decoded after all no longer shows the token, so no other hint adds it to a list', async () => {
      await open()
      await append(0, [undecodable(alice), moved(bob)])
      await nextTick()
      expect([(await listOf(alice)).length, (await listOf(bob)).length]).toEqual([1, 1])
      await journal.repair([{ ...makeBlock([], headerOf(0)), hints: [moved(bob)] }], 'redecoded')
      await nextTick()
      expect([await listOf(alice), await listOf(bob)]).toEqual([[], []])
    })

    test('makes a class certain again that a rollback made uncertain', async () => {
      await open()
      await append(0, [])
      await append(1, [undecodable(alice)])
      await journal.rollback(headerOf(0))
      expect((await journal.doubts.next('', 9)).unsure).toHaveLength(1)
      await append(1, [undecodable(bob)])
      expect((await journal.doubts.next('', 9)).unsure).toEqual([])
      await nextTick()
      expect(await accountingOf(coin)).toBe('reads')
      expect([(await listOf(alice)).length, (await listOf(bob)).length]).toEqual([0, 1])
    })
  })

  test('the walk over accounts of `reads` tokens returns accounts that only hints name, a few at a time', async () => {
    await open()
    const hinted = ACCOUNTS.slice(1).map((account) => undecodable(account))
    await append(0, hinted.slice(0, 3), [minted(alice)])
    await append(1, hinted.slice(3))
    const brought: string[] = []
    for (let step = 0; step < 6; step++) {
      const { keys, cursor } = await journal.audits.next('rereads', { keys: 2, perToken: 2 })
      await journal.audits.reached('rereads', cursor)
      brought.push(...keys.map(({ account }) => account))
    }
    expect([...new Set(brought)].sort()).toEqual([...ACCOUNTS].sort())
    // Each account once per round: five accounts take three steps.
    for (const account of ACCOUNTS) expect(brought.filter((one) => one === account).length).toBeLessThanOrEqual(3)
  })

  test('as of a block, a hinted account has met the token from the block of the hint on', async () => {
    await open()
    await append(0, [], [minted(alice)])
    await append(1, [moved(bob)])
    await append(2, [], [minted(bob)])
    await journal.doubts.resolve({ block: headerOf(2), keys: [{ account: bob, asset: coin, item: '' }], supplies: [] })
    await nextTick()
    const amounts = [0, 1, 2].map(async (asOf) => {
      const { rows } = await reads.account({
        account: bob,
        standards: ['erc20'],
        receivedOnly: true,
        assets: undefined,
        asOf,
        offset: 0,
        limit: 9,
      })
      return rows.map(({ amount }) => amount)
    })
    expect(await Promise.all(amounts)).toEqual([[], [0n], [5n]])
  })
})
