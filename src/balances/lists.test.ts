/**
 * Lists: all rows are of one block, and none is missing, or the list reports it. Lists that would mislead are rejected.
 */
import { setImmediate as nextTick } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import {
  ALICE,
  at,
  BOB,
  CAROL,
  GOLD,
  LIST,
  NOW,
  next,
  of,
  PAGE,
  poll,
  READS_GOLD,
  SILVER,
  STORED,
  world,
} from '../../test/balances/world.ts'
import { hash } from '../../test/chains/mock-chain.ts'
import { EVM_NATIVE } from '../chains/evm/native-asset.ts'
import { ServiceError } from '../core/errors.ts'

const WHOLE = { uniform: true, complete: true }

describe('all rows of a list are of the published block', () => {
  test('events as of it, the rest read at it, although the node is already higher', async () => {
    const it = await world(READS_GOLD)
    it.chain.holds(ALICE, GOLD, 55n).holds(ALICE, GOLD, { amount: 56n, from: 5 })
    await next(it, 5, { indexed: false })
    const { rows, count, asOf } = await it.balances.account(LIST)
    expect(count).toBe(2)
    expect(rows).toMatchObject([
      { asset: GOLD, balance: { amount: 55n, block: at(4), source: 'reads' } },
      { asset: SILVER, balance: { amount: 7n, block: at(4), source: 'events' } },
    ])
    expect(asOf).toMatchObject({ block: at(4), finality: 'latest', source: 'reads', knownAt: 48, ...WHOLE })
  })

  test('unless newer reads are forced: tokens that the account met after the published block are missing then', async () => {
    const it = await world(READS_GOLD)
    it.chain.holds(ALICE, GOLD, 55n).holds(ALICE, SILVER, 7n)
    const forced = { ...LIST, freshness: { mode: 'force' } } as const
    expect((await it.balances.account(forced)).asOf).toMatchObject({ block: at(4), complete: true })
    await next(it, 5, { indexed: false })
    expect((await it.balances.account(forced)).asOf).toMatchObject({ block: at(5), complete: false })
  })

  test('a row is read once per block', async () => {
    const it = await world(READS_GOLD)
    it.chain.holds(ALICE, GOLD, 55n).holds(ALICE, GOLD, { amount: 56n, from: 5 })
    await it.balances.account(LIST)
    await it.balances.account(LIST)
    expect(it.chain.asked).toHaveLength(1)
    await next(it, 5, { indexed: true })
    expect((await it.balances.account(LIST)).rows[0]).toMatchObject({ balance: { amount: 56n, block: at(5) } })
    expect(it.chain.asked).toHaveLength(2)
  })

  test('also for listed balances, including the native one and one that was never indexed', async () => {
    const it = await world()
    it.chain.holds(ALICE, EVM_NATIVE, 1n).holds(ALICE, EVM_NATIVE, { amount: 2n, from: 5 })
    await next(it, 5, { indexed: false })
    expect(await it.balances.get([of(ALICE, GOLD), of(ALICE, EVM_NATIVE)], STORED)).toMatchObject([
      { amount: 70n, block: at(4), source: 'events' },
      { amount: 1n, block: at(4), source: 'reads' },
    ])
  })

  test('if a block is replaced during a read, the rows are taken again', async () => {
    const it = await world(READS_GOLD)
    it.chain.holds(ALICE, GOLD, 55n)
    const read = it.chain.readBalances.bind(it.chain)
    it.chain.readBalances = async (...request) => {
      it.chain.readBalances = read
      const answer = await read(...request)
      const other = { first: 4, through: { number: 4, hash: hash('4b'), parentHash: hash('3'), timestamp: 48 } }
      await it.journal.rollback({ number: 3, hash: hash('3') })
      await it.journal.append({ ...other, blocks: [], headers: [other.through] })
      it.chain.add('4b', '3').show('4b')
      await nextTick()
      return answer
    }
    const { rows, asOf } = await it.balances.account(LIST)
    expect(asOf).toMatchObject({ block: { number: 4, hash: hash('4b') }, ...WHOLE })
    expect(rows).toMatchObject([
      { balance: { block: { hash: hash('4b') } } },
      { balance: { block: { hash: hash('4b') } } },
    ])
  })

  test('if no node has the state of that block, the newest amounts are marked as of another block', async () => {
    const it = await world(READS_GOLD)
    it.chain.holds(ALICE, GOLD, 55n).holds(ALICE, GOLD, { amount: 56n, from: 5 })
    await next(it, 5, { indexed: false })
    it.chain.remembersFrom = 5
    await it.journal.finalize({ number: 4, hash: hash('4') })
    await nextTick()
    const { rows, asOf } = await it.balances.account(LIST)
    expect(rows).toMatchObject([{ balance: { amount: 56n, block: at(5) } }, { balance: { amount: 7n, block: at(4) } }])
    expect(asOf).toMatchObject({ block: at(4), finality: 'latest', source: 'reads', uniform: false, complete: true })
  })

  test('if no node answers, earlier reads keep their block, and the other rows are unknown', async () => {
    const it = await world({ reads: [GOLD, SILVER].map(({ reference }) => `erc20:${reference}`) })
    it.chain.fault = () => {
      throw new ServiceError('NODE_UNREACHABLE', 'down')
    }
    const block = { number: 3, hash: hash('3') }
    await it.reads.observations.put([{ ...of(ALICE, GOLD), amount: 54n, block, observedAt: 90 }])
    const { rows, asOf } = await it.balances.account(LIST)
    expect(rows).toMatchObject([
      // Read from a node that lagged: true until block 4 came.
      { balance: { amount: 54n, block: at(3), knownAt: 48 } },
      { balance: { known: false } },
    ])
    expect(asOf).toMatchObject({ block: at(3), source: 'reads', knownAt: 48, complete: false })
  })

  test('if no node returns any row, the list is rejected: an empty one would mean that the account has nothing', async () => {
    const it = await world({ reads: [GOLD, SILVER].map(({ reference }) => `erc20:${reference}`) })
    it.chain.fault = () => {
      throw new ServiceError('NODE_UNREACHABLE', 'down')
    }
    await expect(async () => it.balances.account(LIST)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  })

  test('an empty list names block, finality, source and age', async () => {
    const it = await world()
    await it.journal.finalize({ number: 4, hash: hash('4') })
    await nextTick()
    const none = { block: at(4), finality: 'finalized', source: 'events', knownAt: 48, ...WHOLE }
    expect(await it.balances.account({ ...LIST, account: CAROL })).toMatchObject({ rows: [], count: 0, asOf: none })
    expect(await it.balances.account({ ...LIST, offset: 5 })).toMatchObject({ rows: [], count: 2, asOf: none })
  })
})

describe('a read of a node that lags', () => {
  test.each([
    ['of the block before ours was true until ours came', '3', 48],
    ['of an older block was true until its child came', '1', 24],
  ])('%s', async (_, block, knownAt) => {
    const it = await world()
    it.chain.holds(ALICE, EVM_NATIVE, 5n).show(block)
    const read = { amount: 5n, block: at(Number(block)), knownAt }
    expect(await it.balances.get([of(ALICE, EVM_NATIVE)], STORED)).toMatchObject([read])
  })

  test('of our newest block is not fresh if the head is higher', async () => {
    const it = await world()
    it.chain.add('5', '4').add('6', '5').show('6')
    await poll(it)
    it.chain.holds(ALICE, EVM_NATIVE, 5n).show('5')
    expect(await it.balances.get([of(ALICE, EVM_NATIVE)], STORED)).toMatchObject([{ block: at(5), knownAt: 72 }])
    it.chain.show('4')
    expect(await it.balances.get([of(BOB, EVM_NATIVE), of(ALICE, GOLD)], { mode: 'force' })).toMatchObject([
      { known: false },
      { block: at(4), knownAt: 48 },
    ])
  })

  test('of the head itself is as young as the read', async () => {
    const it = await world()
    await poll(it)
    it.chain.holds(ALICE, EVM_NATIVE, 5n)
    expect(await it.balances.get([of(ALICE, EVM_NATIVE)], STORED)).toMatchObject([{ block: at(4), knownAt: NOW }])
  })

  test('is no fresher than the higher block that another node returned to the indexer', async () => {
    const it = await world()
    const { latest: head } = await it.chain.heads()
    const counts = { higher_named_at: 60 }
    await it.journal.heartbeat({ state: 'live', head, caughtUpAt: 50, error: undefined, counts })
    await nextTick()
    it.chain.holds(ALICE, EVM_NATIVE, 5n)
    expect(await it.balances.get([of(ALICE, EVM_NATIVE)], STORED)).toMatchObject([{ block: at(4), knownAt: 60 }])
  })

  test.each(['5', '4b'])('is no fresher than head %s that was reported elsewhere', async (name) => {
    const it = await world()
    await poll(it)
    it.chain.holds(ALICE, EVM_NATIVE, 5n)
    it.chain.time = () => NOW
    it.chain.noteHead({ number: Number.parseInt(name, 10), hash: hash(name) }, 70)
    expect(await it.balances.get([of(ALICE, EVM_NATIVE)], STORED)).toMatchObject([{ block: at(4), knownAt: 70 }])
    expect((await it.balances.account(LIST)).asOf).toMatchObject({ block: at(4), knownAt: 48 })
  })

  test('is final only if its block has our hash', async () => {
    const it = await world()
    await it.journal.finalize({ number: 4, hash: hash('4') })
    const put = (number: number, name: string) =>
      it.reads.observations.put([
        { ...of(ALICE, EVM_NATIVE), amount: 5n, block: { number, hash: hash(name) }, observedAt: 90 },
      ])
    it.chain.fault = () => {
      throw new ServiceError('NODE_UNREACHABLE', 'down')
    }
    await put(3, '3')
    await nextTick()
    expect(await it.balances.get([of(ALICE, EVM_NATIVE)], STORED)).toMatchObject([{ finality: 'finalized' }])
  })
})

describe('a chain that has never caught up', () => {
  const behind = { caughtUp: false }

  test('rejects every list, but serves it as partial on request', async () => {
    const it = await world(behind)
    const refused = { code: 'UNAVAILABLE', message: expect.stringContaining('has not caught up') }
    await expect(async () => it.balances.account(LIST)).rejects.toMatchObject(refused)
    await expect(it.balances.holders({ ...PAGE, asset: GOLD })).rejects.toMatchObject(refused)
    await expect(it.balances.transfers({ ...PAGE, asset: GOLD })).rejects.toMatchObject(refused)
    expect((await it.balances.account({ ...LIST, partial: true })).asOf).toMatchObject({ complete: false })
    // A list as of a past block does not depend on how far the chain has come.
    expect(await it.balances.account({ ...LIST, asOf: 2 })).toMatchObject({ count: 2 })
  })

  test('with serve_partial, lists have the known rows and are marked as incomplete', async () => {
    const it = await world({ ...behind, servePartial: true })
    const partial = { block: at(4), complete: false }
    expect(await it.balances.account(LIST)).toMatchObject({ count: 2, asOf: partial })
    expect(await it.balances.account({ ...LIST, account: CAROL })).toMatchObject({ count: 0, asOf: partial })
    expect(await it.balances.holders({ ...PAGE, asset: GOLD })).toMatchObject({ count: 2, asOf: partial })
    expect(await it.balances.transfers({ ...PAGE, asset: GOLD })).toMatchObject({ count: 2, asOf: partial })
  })

  test('reads single balances from its node, and serves stored ones if that fails', async () => {
    const it = await world(behind)
    it.chain.holds(ALICE, GOLD, 91n).holds(ALICE, SILVER, 92n)
    await next(it, 5, { indexed: false })
    expect(await it.balances.get([of(ALICE, GOLD)], STORED)).toMatchObject([{ amount: 91n, block: at(5) }])
    expect(await it.balances.get([of(ALICE, GOLD), of(ALICE, SILVER)], STORED)).toMatchObject([
      { amount: 91n, block: at(5) },
      { amount: 92n, block: at(5) },
    ])
    it.chain.fault = () => {
      throw new ServiceError('NODE_UNREACHABLE', 'down')
    }
    expect(await it.balances.get([of(BOB, GOLD)], STORED)).toMatchObject([{ amount: 30n, block: at(4) }])
  })
})

test('the newest block is the polled one, or a newer one that a node returns on request', async () => {
  const it = await world()
  await poll(it)
  expect(await it.balances.newestBlock(3)).toBe(4)
  expect(it.chain.asked).toEqual([])
  it.chain.add('5', '4').show('5')
  expect(await it.balances.newestBlock(5)).toBe(5)
  expect(await it.balances.newestBlock(99)).toBe(5)
})
