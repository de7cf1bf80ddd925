import { setImmediate as nextTick } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { ALICE, at, BOB, CAROL, GOLD, move, SILVER, type World, world, ZERO } from '../../test/balances/world.ts'
import { hash } from '../../test/chains/mock-chain.ts'
import { assetKey } from '../core/asset.ts'
import { ServiceError } from '../core/errors.ts'

const PAGE = { offset: 0, limit: 10 }
const OF_ALICE = { account: ALICE, asset: GOLD, limit: 10 }
const SCOPED = { coverage: { scope: { type: 'accounts', accounts: [ALICE] }, from: 0 } } as const
const PUBLISHED = { block: at(4), finality: 'latest', source: 'events', knownAt: 48, uniform: true }

/** The changes of a balance as `block: amount source`. */
async function changesOf({ history }: World, request: Partial<Parameters<World['history']['changes']>[0]> = {}) {
  const { rows, asOf } = await history.changes({ ...OF_ALICE, ...request })
  return { rows: rows.map(({ block, amount, source }) => `${block.number}: ${amount} ${source}`), asOf }
}

describe('changes', () => {
  test('come from events without asking a node, as of the published block', async () => {
    const it = await world()
    expect(await it.history.changes(OF_ALICE)).toEqual({
      rows: [
        { block: { number: 1, hash: hash('1'), timestamp: 12 }, event: 0, amount: 100n, source: 'events' },
        { block: { number: 3, hash: hash('3'), timestamp: 36 }, event: 0, amount: 70n, source: 'events' },
      ],
      asOf: { ...PUBLISHED, complete: true },
    })
    expect((await changesOf(it, { fromTimestamp: 13 })).rows).toEqual(['3: 70 events'])
    expect((await changesOf(it, { toTimestamp: 12 })).rows).toEqual(['1: 100 events'])
    expect((await changesOf(it, { account: CAROL })).rows).toEqual([])
    expect(it.chain.asked).toEqual([])
  })

  test('that are more than the limit are refused, with the remedy', async () => {
    const it = await world()
    expect((await changesOf(it, { limit: 2 })).rows).toHaveLength(2)
    await expect(changesOf(it, { limit: 1 })).rejects.toMatchObject({
      code: 'BAD_REQUEST',
      message: 'more than 1 changes: narrow the time range',
    })
  })

  test('that events do not prove are read at the end of their block, newest first, while the node has the state', async () => {
    const it = await world({ reads: [assetKey(GOLD)] })
    it.chain.holds(ALICE, GOLD, 100n).holds(ALICE, GOLD, { amount: 71n, from: 3 })
    const all = await changesOf(it)
    expect(all).toEqual({ rows: ['1: 100 reads', '3: 71 reads'], asOf: { ...PUBLISHED, complete: false } })
    it.chain.remembersFrom = 2
    expect((await changesOf(it)).rows).toEqual(['1: undefined undefined', '3: 71 reads'])
    it.chain.fault = () => {
      throw new ServiceError('NODE_UNREACHABLE', 'down')
    }
    expect((await changesOf(it)).rows).toEqual(['1: undefined undefined', '3: undefined undefined'])
  })

  test('within a block are not read: only its last change has a known amount', async () => {
    const it = await world({ reads: [assetKey(GOLD)] })
    it.chain.holds(BOB, GOLD, 9n)
    const block = { first: 5, through: { number: 5, hash: hash('5'), parentHash: hash('4'), timestamp: 60 } }
    it.chain.add('5', '4', [move(GOLD, 1n, { to: BOB }), move(GOLD, 2n, { to: BOB })]).show('5')
    const blocks = it.chain.canonical().filter(({ number }) => number === 5)
    await it.journal.append({ ...block, blocks, headers: [block.through] })
    await nextTick()
    expect((await changesOf(it, { account: BOB })).rows).toEqual(['3: 9 reads', '5: undefined undefined', '5: 9 reads'])
  })

  test('are read at no more than 200 blocks, the newest ones', async () => {
    const it = await world({ reads: [assetKey(GOLD)] })
    it.chain.holds(ALICE, GOLD, 5n)
    for (let number = 5; number < 206; number++) {
      it.chain.add(String(number), String(number - 1), [move(GOLD, 1n, { to: ALICE })]).show(String(number))
    }
    const blocks = it.chain.canonical().filter(({ number }) => number >= 5)
    const through = blocks.at(-1) ?? expect.fail()
    await it.journal.append({ first: 5, through, blocks, headers: blocks })
    await nextTick()
    const { rows } = await changesOf(it, { limit: 300 })
    expect([rows.length, rows.filter((row) => row.endsWith('5 reads')).length, it.chain.asked.length]).toEqual([
      203, 200, 200,
    ])
  })

  test('are taken again if the published block is replaced while a node is asked', async () => {
    const it = await world({ reads: [assetKey(GOLD)] })
    it.chain.holds(ALICE, GOLD, 70n)
    const read = it.chain.readBalances.bind(it.chain)
    it.chain.readBalances = async (...request) => {
      it.chain.readBalances = read
      const answer = await read(...request)
      const through = { number: 3, hash: hash('3b'), parentHash: hash('2'), timestamp: 36 }
      await it.journal.rollback({ number: 2, hash: hash('2') })
      await it.journal.append({ first: 3, through, blocks: [], headers: [through] })
      it.chain.add('3b', '2').show('3b')
      await nextTick()
      return answer
    }
    const { rows, asOf } = await changesOf(it)
    expect([rows, asOf?.block]).toEqual([['1: 70 reads'], expect.objectContaining({ number: 3, hash: hash('3b') })])
  })
})

/** The transfers as `block/log`. */
async function find({ history }: World, request: Partial<Parameters<World['history']['transfers']>[0]>) {
  const { rows, count, asOf } = await history.transfers({ ...PAGE, ...request })
  return { rows: rows.map(({ block, event }) => `${block.number}/${event}`), count, complete: asOf?.complete }
}

describe('transfers', () => {
  test('are found by accounts, token and block', async () => {
    const it = await world()
    expect(await it.history.transfers({ ...PAGE, from: ALICE, to: BOB })).toEqual({
      rows: [
        {
          event: 0,
          part: 0,
          asset: GOLD,
          from: ALICE,
          to: BOB,
          item: '',
          amount: 30n,
          transactionHash: hash('3'),
          block: { number: 3, hash: hash('3') },
          timestamp: 36,
        },
      ],
      count: 1,
      asOf: { ...PUBLISHED, complete: true },
    })
    expect(await find(it, { account: ALICE })).toEqual({ rows: ['3/0', '2/0', '1/0'], count: 3, complete: true })
    expect(await find(it, { account: ALICE, offset: 1, limit: 1 })).toMatchObject({ rows: ['2/0'], count: 3 })
    expect((await find(it, { asset: GOLD })).rows).toEqual(['3/0', '1/0'])
    expect((await find(it, { block: 2 })).rows).toEqual(['2/0'])
    await expect(find(it, {})).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  })

  test('of a transaction are those of its block, if that block is ours', async () => {
    const it = await world()
    expect(await find(it, { transactionHash: hash('3') })).toEqual({ rows: ['3/0'], count: 1, complete: true })
    expect(await find(it, { transactionHash: hash('3'), to: CAROL })).toEqual({ rows: [], count: 0, complete: true })
    expect(await find(it, { transactionHash: hash('3'), block: 2 })).toEqual({ rows: [], count: 0, complete: true })
    expect(await find(it, { transactionHash: hash('9') })).toEqual({ rows: [], count: 0, complete: false })
    it.chain.add('3b', '2', [move(GOLD, 1n, { to: BOB })]).show('3b')
    expect(await find(it, { transactionHash: hash('3b') })).toEqual({ rows: [], count: 0, complete: false })
    it.chain
      .show('4')
      .add('5', '4', [move(GOLD, 1n, { to: BOB })])
      .show('5')
    expect(await find(it, { transactionHash: hash('5') })).toEqual({ rows: [], count: 0, complete: false })
    it.chain.fault = () => {
      throw new ServiceError('NODE_UNREACHABLE', 'down')
    }
    await expect(find(it, { transactionHash: hash('3') })).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect((await find(it, { transactionHash: hash('3'), block: 3 })).rows).toEqual(['3/0'])
  })

  test('of a token known by reads are not complete', async () => {
    const it = await world({ reads: [assetKey(GOLD)] })
    expect((await find(it, { asset: GOLD })).complete).toBe(false)
    expect((await find(it, { asset: SILVER })).complete).toBe(true)
    expect((await find(it, { account: ALICE })).complete).toBe(false)
  })
})

describe('the rules of lists hold for the past', () => {
  test('the zero address has neither changes nor transfers', async () => {
    const it = await world()
    const refused = { code: 'BAD_REQUEST' }
    await expect(changesOf(it, { account: ZERO })).rejects.toMatchObject(refused)
    for (const side of ['account', 'from', 'to'] as const) {
      await expect(find(it, { [side]: ZERO })).rejects.toMatchObject(refused)
    }
  })

  test('outside the scope nothing is answered', async () => {
    const it = await world(SCOPED)
    const refused = { code: 'UNAVAILABLE', message: 'outside the scope that is indexed here' }
    await expect(changesOf(it, { account: BOB })).rejects.toMatchObject(refused)
    await expect(find(it, { account: BOB })).rejects.toMatchObject(refused)
    await expect(find(it, { asset: GOLD })).rejects.toMatchObject(refused)
    await expect(find(it, { block: 1 })).rejects.toMatchObject(refused)
    expect((await changesOf(it)).rows).toEqual(['1: 100 events', '3: 70 events'])
    expect((await find(it, { from: ALICE, to: BOB })).rows).toEqual(['3/0'])
    expect((await find(it, { account: BOB, from: ALICE })).rows).toEqual(['3/0'])
  })

  test('a chain that has never caught up answers only on request, marked as incomplete', async () => {
    const it = await world({ caughtUp: false })
    await expect(changesOf(it)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await expect(find(it, { account: ALICE })).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect((await it.history.changes({ ...OF_ALICE, partial: true })).asOf).toMatchObject({ complete: false })
    expect(await find(it, { account: ALICE, partial: true })).toMatchObject({ count: 3, complete: false })
  })

  test('a late start is never complete', async () => {
    const it = await world({ coverage: { scope: { type: 'all' }, from: 2 } })
    it.chain.remembersFrom = 9
    expect(await changesOf(it)).toMatchObject({ rows: ['3: undefined undefined'], asOf: { complete: false } })
    expect(await find(it, { account: ALICE })).toEqual({ rows: ['3/0', '2/0'], count: 2, complete: false })
  })
})
