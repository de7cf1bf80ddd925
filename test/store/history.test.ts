import { setImmediate as nextTick } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Accounting, type AssetRef, assetKey } from '../../src/core/asset.ts'
import type { Observation } from '../../src/core/balance.ts'
import type { Header } from '../../src/core/block.ts'
import type { Coverage } from '../../src/core/coverage.ts'
import type { BlockTransfers } from '../../src/core/transfer.ts'
import type { TransferFilter } from '../../src/store/seam/history.ts'
import type { ChainReads, Journal } from '../../src/store/seam/store.ts'
import { CHAIN } from '../indexer/harness.ts'
import { ACCOUNTS, ASSETS, hashOf, type Movement, makeBlock } from './chains.ts'
import { BELIEVE_ALL } from './dump.ts'
import { ENGINES, type StorePlace } from './engines.ts'

describe.each(ENGINES)('$name', ({ makePlace }) => {
  const [alice = '', bob = '', carol = ''] = ACCOUNTS
  const [coin, other, deed, goods] = ASSETS
  const WHOLE: Coverage = { scope: { type: 'all' }, from: 0 }
  const FROM_10: Coverage = { scope: { type: 'all' }, from: 10 }

  let place: StorePlace
  let journal: Journal
  let reads: ChainReads

  async function open(coverage = WHOLE, classes: ReadonlyMap<string, Accounting> = new Map()): Promise<void> {
    ;({ journal, reads } = await place.openChain(coverage, { classesOf: () => classes }))
  }
  beforeEach(async () => {
    place = await makePlace()
  })
  afterEach(() => place.end())

  function headerOf(number: number, branch = 0): Header {
    return { number, hash: hashOf(branch, number), parentHash: hashOf(branch, number - 1), timestamp: number * 12 }
  }

  type Side = string | undefined

  function move(...[from, to, amount, asset = coin]: [Side, Side, bigint, AssetRef?]): Movement {
    return { asset, from, to, amount, item: 0 }
  }

  async function append(number: number, content: readonly Movement[] | BlockTransfers, branch = 0): Promise<void> {
    const header = { ...headerOf(number, branch), parentHash: (await journal.state()).written?.hash ?? '0x' }
    const block = 'transfers' in content ? content : makeBlock(content, header)
    await journal.append({ first: number, through: header, blocks: [block], headers: [header] })
  }

  function read(account: string, amount: bigint, number: number): Observation {
    return { account, asset: coin, item: '', amount, block: headerOf(number), observedAt: 0 }
  }

  /** The changes of a balance as `block/log: amount`. */
  async function changesOf(account: string, how: { asset?: AssetRef; item?: string; limit?: number } = {}) {
    await nextTick()
    const { asset = coin, item = '', limit = 100 } = how
    const query = { account, asset, item, fromTimestamp: undefined, toTimestamp: undefined, limit }
    const { rows, inDoubt } = await reads.history.changes(query)
    return { rows: rows.map(({ block, event, amount }) => `${block.number}/${event}: ${amount}`), inDoubt }
  }

  describe('the changes of a balance', () => {
    test('have the exact amount after each, several in one block too, and a transfer to itself changes nothing', async () => {
      await open()
      await append(0, [move(undefined, alice, 50n), move(alice, bob, 20n), move(alice, alice, 7n)])
      await append(1, [])
      await append(2, [move(alice, undefined, 30n), move(undefined, alice, 0n), move(undefined, bob, 1n, other)])
      expect(await changesOf(alice)).toEqual({
        rows: ['0/0: 50', '0/1: 30', '0/2: 30', '2/0: 0', '2/1: 0'],
        inDoubt: false,
      })
      expect(await changesOf(bob)).toEqual({ rows: ['0/1: 20'], inDoubt: false })
      expect(await changesOf(alice, { limit: 2 })).toMatchObject({ rows: ['0/0: 50', '0/1: 30'] })
      expect(await changesOf(carol)).toEqual({ rows: [], inDoubt: false })
      expect(await changesOf(alice, { asset: goods })).toEqual({ rows: [], inDoubt: false })
    })

    test('are selected by block time, both ends included, and carry their block', async () => {
      await open()
      for (const number of [0, 1, 2, 3]) await append(number, [move(undefined, alice, 1n)])
      const of = async (fromTimestamp: number | undefined, toTimestamp: number | undefined) => {
        const query = { account: alice, asset: coin, item: '', fromTimestamp, toTimestamp, limit: 9 }
        return (await reads.history.changes(query)).rows
      }
      const rows = [0, 1, 2, 3].map((number) => ({
        block: { number, hash: hashOf(0, number), timestamp: number * 12 },
        event: 0,
        amount: BigInt(number + 1),
      }))
      expect(await of(undefined, undefined)).toEqual(rows)
      expect(await of(12, 24)).toEqual(rows.slice(1, 3))
      expect(await of(13, undefined)).toEqual(rows.slice(2))
      expect(await of(undefined, 23)).toEqual(rows.slice(0, 2))
      expect(await of(37, undefined)).toEqual([])
      expect(await of(24, 12)).toEqual([])
    })

    test('of a contract with items are those of its sum, and of each item; one event of many items is one change', async () => {
      await open()
      const header = { ...headerOf(0), parentHash: '0x' }
      const [first, ...rest] = makeBlock(
        [
          { ...move(undefined, alice, 5n, goods), item: 1 },
          { ...move(undefined, alice, 7n, goods), item: 2 },
          { ...move(undefined, alice, 1n, deed), item: 9 },
        ],
        header,
      ).transfers
      const batch = [first, ...rest].flatMap((one, index) =>
        one === undefined ? [] : [index < 2 ? { ...one, event: 0, part: index } : one],
      )
      await append(0, { ...header, transfers: batch })
      await append(1, [{ ...move(alice, bob, 2n, goods), item: 2 }])
      expect((await changesOf(alice, { asset: goods })).rows).toEqual(['0/0: 12', '1/0: 10'])
      expect((await changesOf(alice, { asset: goods, item: '1' })).rows).toEqual(['0/0: 5'])
      expect((await changesOf(alice, { asset: goods, item: '2' })).rows).toEqual(['0/0: 7', '1/0: 5'])
      expect((await changesOf(alice, { asset: deed })).rows).toEqual(['0/2: 1'])
      expect((await changesOf(alice, { asset: deed, item: '9' })).rows).toEqual(['0/2: 1'])
    })

    test('begin with an unknown amount if the coverage began late, until one read names it', async () => {
      await open(FROM_10)
      await append(10, [move(alice, bob, 30n)])
      await append(11, [move(alice, bob, 5n)])
      expect((await changesOf(alice)).rows).toEqual(['10/0: undefined', '11/0: undefined'])
      await journal.adopt([read(alice, 65n, 11)])
      expect((await changesOf(alice)).rows).toEqual(['10/0: 70', '11/0: 65'])
    })

    test('are unknown once the events contradict themselves, and known again from the read that reopens the balance', async () => {
      await open()
      await append(0, [move(undefined, alice, 10n)])
      await append(1, [move(alice, bob, 11n)])
      expect(await changesOf(alice)).toEqual({ rows: ['0/0: undefined', '1/0: undefined'], inDoubt: true })
      await append(2, [move(undefined, alice, 4n), move(undefined, alice, 5n)])
      await journal.adopt([read(alice, 100n, 2)])
      await place.exec(CHAIN, BELIEVE_ALL)
      await append(3, [move(alice, bob, 1n)])
      expect(await changesOf(alice)).toEqual({
        rows: ['0/0: undefined', '1/0: undefined', '2/0: undefined', '2/1: 100', '3/0: 99'],
        inDoubt: false,
      })
      // A page that ends within block 2 does not show whether its last change is the block's last.
      expect((await changesOf(alice, { limit: 3 })).rows.at(-1)).toBe('2/0: undefined')
    })

    test('of a token known by reads are listed without amounts', async () => {
      await open(WHOLE, new Map([[assetKey(coin), 'reads']]))
      await append(0, [move(undefined, alice, 10n)])
      expect(await changesOf(alice)).toEqual({ rows: ['0/0: undefined'], inDoubt: false })
    })

    test('of a balance in doubt have no amounts', async () => {
      await open()
      await append(0, [move(undefined, alice, 10n), move(undefined, bob, 10n)])
      await journal.adopt([read(alice, 9n, 0)])
      expect(await changesOf(alice)).toEqual({ rows: ['0/0: undefined'], inDoubt: true })
      expect(await changesOf(bob)).toEqual({ rows: ['0/1: 10'], inDoubt: true })
      await journal.adopt([read(bob, 9n, 0)])
      expect(await changesOf(bob)).toEqual({ rows: ['0/1: undefined'], inDoubt: true })
    })

    test('of a destroyed contract have amounts below the block of its end', async () => {
      await open()
      for (const number of [0, 1, 2]) await append(number, [move(undefined, alice, 10n)])
      await journal.lives.recordEnd({ reference: coin.reference, block: headerOf(1), seen: headerOf(2) })
      expect((await changesOf(alice)).rows).toEqual(['0/0: 10', '1/0: undefined', '2/0: undefined'])
    })

    test('follow a rollback and a repair', async () => {
      await open()
      await append(0, [move(undefined, alice, 10n)])
      await append(1, [move(undefined, alice, 1n)])
      await journal.rollback(headerOf(0))
      await append(1, [move(undefined, alice, 2n)], 1)
      expect((await changesOf(alice)).rows).toEqual(['0/0: 10', '1/0: 12'])
      const whole = makeBlock([move(undefined, alice, 10n), move(undefined, alice, 5n)], {
        ...headerOf(0),
        parentHash: '0x',
      })
      await journal.repair([whole])
      await place.exec(CHAIN, BELIEVE_ALL)
      expect((await changesOf(alice)).rows).toEqual(['0/0: 10', '0/1: 15', '1/0: 17'])
    })
  })

  const ANY: TransferFilter = {
    asset: undefined,
    account: undefined,
    from: undefined,
    to: undefined,
    block: undefined,
    transactionHash: undefined,
    offset: 0,
    limit: 10,
  }

  async function find(filter: Partial<TransferFilter>) {
    await nextTick()
    const { rows, count, inDoubt, block } = await reads.history.transfers({ ...ANY, ...filter })
    return { rows: rows.map(({ block: { number }, event }) => `${number}/${event}`), count, inDoubt, block }
  }

  describe('filtered transfers', () => {
    test('are found by each way to filter, newest first, with the count of all', async () => {
      await open()
      await append(0, [move(undefined, alice, 50n), move(alice, bob, 20n), move(alice, alice, 7n)])
      await append(1, [move(bob, alice, 5n), move(undefined, bob, 1n, other), move(bob, carol, 1n, other)])
      const list = async (filter: Partial<TransferFilter>) => (await find(filter)).rows
      expect(await list({ account: alice })).toEqual(['1/0', '0/2', '0/1', '0/0'])
      expect(await list({ account: bob, asset: other })).toEqual(['1/2', '1/1'])
      expect(await list({ from: alice })).toEqual(['0/2', '0/1'])
      expect(await list({ to: alice })).toEqual(['1/0', '0/2', '0/0'])
      expect(await list({ from: alice, to: bob })).toEqual(['0/1'])
      expect(await list({ from: bob, to: bob })).toEqual([])
      expect(await list({ account: bob, from: alice })).toEqual(['0/1'])
      expect(await list({ account: carol, from: alice })).toEqual([])
      expect(await list({ from: bob, asset: other })).toEqual(['1/2'])
      expect(await list({ asset: other })).toEqual(['1/2', '1/1'])
      expect(await list({ asset: deed })).toEqual([])
      expect(await list({ block: 1 })).toEqual(['1/2', '1/1', '1/0'])
      expect(await list({ block: 1, asset: coin })).toEqual(['1/0'])
      expect(await list({ block: 1, account: alice })).toEqual(['1/0'])
      expect(await list({ block: 1, transactionHash: hashOf(0, 1), to: carol })).toEqual(['1/2'])
      expect(await list({ block: 1, transactionHash: hashOf(0, 0) })).toEqual([])
      expect(await find({ account: alice, offset: 1, limit: 2 })).toEqual({
        rows: ['0/2', '0/1'],
        count: 4,
        inDoubt: false,
      })
      expect(await find({ account: alice, offset: 9 })).toEqual({ rows: [], count: 4, inDoubt: false })
      expect(await find({ block: 2 })).toEqual({ rows: [], count: 0, inDoubt: false })
      expect((await find({ block: 1, from: carol })).block).toEqual({ number: 1, hash: hashOf(0, 1), timestamp: 12 })
    })

    test('of an account may lack some if one of its tokens is known by reads, contradicts itself or is in doubt', async () => {
      await open(WHOLE, new Map([[assetKey(other), 'reads']]))
      await append(0, [move(undefined, alice, 5n), move(undefined, bob, 5n, other), move(carol, undefined, 1n, deed)])
      const doubts = async () =>
        Promise.all([alice, bob, carol].map(async (to) => (await find({ account: to })).inDoubt))
      expect(await doubts()).toEqual([false, true, true])
      await journal.adopt([read(alice, 4n, 0)])
      expect(await doubts()).toEqual([true, true, true])
      expect((await find({ block: 0 })).inDoubt).toBe(true)
    })

    test('that would read too many candidates are refused, but not with a token or a block', async () => {
      await open()
      const movements = Array.from({ length: 50_001 }, () => move(alice, bob, 0n))
      await append(0, [move(undefined, alice, 1n), ...movements])
      const refused = { code: 'BAD_REQUEST' }
      await expect(find({ account: bob })).rejects.toMatchObject(refused)
      await expect(find({ from: alice, to: bob })).rejects.toMatchObject(refused)
      await expect(find({ from: alice, asset: coin })).rejects.toMatchObject(refused)
      expect((await find({ from: alice, to: carol })).count).toBe(0)
      expect(await find({ account: bob, asset: coin, limit: 1 })).toMatchObject({ rows: ['0/50001'], count: 50_001 })
      expect(await find({ from: alice, block: 0, limit: 1 })).toMatchObject({ rows: ['0/50001'], count: 50_001 })
      expect((await find({ asset: coin, offset: 50_001 })).rows).toEqual(['0/0'])
    })
  })
})
