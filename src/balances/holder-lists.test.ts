/** Holders of a token, and whether a list may lack rows. */
import { setImmediate as nextTick } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import {
  ALICE,
  at,
  BOB,
  CAROL,
  GOLD,
  move,
  of,
  SILVER,
  STORED,
  type World,
  type WorldOptions,
  world,
  ZERO,
} from '../../test/balances/world.ts'
import { hash } from '../../test/chains/mock-chain.ts'

const READS_GOLD: WorldOptions = { reads: [`erc20:${GOLD.reference}`] }
const PAGE = { offset: 0, limit: 9 }
const LIST = { account: ALICE, standards: ['erc20'], receivedOnly: true, freshness: STORED, ...PAGE } as const
const WHOLE = { uniform: true, complete: true }

/** Adds a block to the node. The journal follows if `indexed`. */
async function next({ chain, journal }: World, number: number, how: { readonly indexed: boolean }): Promise<void> {
  chain.add(`${number}`, `${number - 1}`).show(`${number}`)
  const { latest: head } = await chain.heads()
  if (how.indexed) await journal.append({ first: number, through: head, blocks: [], headers: [head] })
  await nextTick()
}

describe('holders of a token that is known by reads', () => {
  const holders = (it: World, offset: number, limit: number) => it.balances.holders({ asset: GOLD, offset, limit })

  test('are ordered, paged and counted by the amounts on the chain at the block', async () => {
    const it = await world(READS_GOLD)
    it.chain.holds(ALICE, GOLD, 3n).holds(BOB, GOLD, 200n).supplies.set(GOLD.reference, 203n)
    expect(await holders(it, 0, 1)).toMatchObject({ count: 2, rows: [{ account: BOB, amount: 200n }], asOf: WHOLE })
    expect(await holders(it, 1, 1)).toMatchObject({ count: 2, rows: [{ account: ALICE, amount: 3n }] })
    expect(await holders(it, 2, 1)).toMatchObject({ count: 2, rows: [] })
  })

  test('include accounts that were only ever read, and leave out accounts that have nothing left', async () => {
    const it = await world(READS_GOLD)
    it.chain.holds(ALICE, GOLD, 0n).holds(BOB, GOLD, 0n).holds(CAROL, GOLD, 40n).supplies.set(GOLD.reference, 40n)
    expect(await holders(it, 0, 9)).toMatchObject({ count: 0, rows: [], asOf: { complete: false } })
    await it.balances.get([of(CAROL, GOLD)], STORED)
    await nextTick()
    expect(await holders(it, 0, 9)).toMatchObject({ count: 1, rows: [{ account: CAROL, amount: 40n }], asOf: WHOLE })
  })

  test('are incomplete if they hold less than the supply, or the supply is unknown', async () => {
    const it = await world(READS_GOLD)
    it.chain.holds(ALICE, GOLD, 3n).holds(BOB, GOLD, 4n)
    expect(await holders(it, 0, 9)).toMatchObject({ count: 2, asOf: { complete: false, uniform: true } })
    it.chain.supplies.set(GOLD.reference, 8n)
    expect(await holders(it, 0, 9)).toMatchObject({ asOf: { complete: false } })
    // The zero address holds the rest of the supply.
    it.chain.holds(ZERO, GOLD, 1n)
    await next(it, 5, { indexed: true })
    expect(await holders(it, 0, 9)).toMatchObject({ count: 2, asOf: { block: at(5), complete: true } })
  })

  test('are incomplete if the amount of one of them is unknown', async () => {
    const it = await world(READS_GOLD)
    it.chain.holds(ALICE, GOLD, 3n).supplies.set(GOLD.reference, 3n)
    expect(await holders(it, 0, 9)).toMatchObject({ count: 1, asOf: { complete: false } })
  })

  test('are none for a destroyed contract', async () => {
    const it = await world(READS_GOLD)
    it.chain.dead.add(GOLD.reference)
    expect(await holders(it, 0, 9)).toMatchObject({ count: 0, rows: [] })
  })

  test('follow the newest known amounts if there are more accounts than one answer reads', async () => {
    const it = await world(READS_GOLD)
    const many = Array.from({ length: 1_500 }, (_, n) => `0x${(n + 1_000).toString(16).padStart(40, '0')}`)
    const moves = many.map((to, n) => move(GOLD, BigInt(n + 1), { to }))
    it.chain.add('5', '4', moves).show('5')
    const [block] = it.chain.canonical().slice(-1)
    if (block === undefined) throw new TypeError('a block was added')
    await it.journal.append({ first: 5, through: block, blocks: [block], headers: [block] })
    await nextTick()
    // On the chain all accounts hold what events give them, except the smallest three, which hold the most, and the
    // greatest, which holds nothing.
    for (const [n, account] of many.entries())
      it.chain.holds(account, GOLD, BigInt(n < 3 ? 9_000 - n : n === 1_499 ? 0 : n + 1))
    it.chain.holds(ALICE, GOLD, 70n).holds(BOB, GOLD, 30n)
    const all = many.map((account) => of(account, GOLD))
    await it.balances.get(all, STORED)
    await nextTick()
    const first = await holders(it, 0, 4)
    expect(first.rows.map(({ amount }) => amount)).toEqual([9_000n, 8_999n, 8_998n, 1_499n])
    expect(first).toMatchObject({ count: 1_501, asOf: { complete: false, uniform: true, block: at(5) } })
    expect((await holders(it, 4, 2)).rows.map(({ amount }) => amount)).toEqual([1_498n, 1_497n])
    expect((await holders(it, 1_500, 5)).rows).toHaveLength(1)
    expect((await holders(it, 1_501, 5)).rows).toEqual([])
  })
})

describe('a list of a token that is known by events', () => {
  const later: WorldOptions = { coverage: { scope: { type: 'all' }, from: 3 } }

  test('is complete if coverage began with the chain', async () => {
    const it = await world()
    expect((await it.balances.holders({ ...PAGE, asset: GOLD })).asOf).toMatchObject({ block: at(4), ...WHOLE })
    expect((await it.balances.account(LIST)).asOf).toMatchObject(WHOLE)
    expect((await it.balances.transfers({ ...PAGE, asset: GOLD })).asOf).toMatchObject(WHOLE)
    expect(it.chain.asked).toEqual([])
  })

  test('is incomplete if coverage began later, unless the holders have the whole supply', async () => {
    const it = await world(later)
    const partial = { complete: false }
    expect((await it.balances.account(LIST)).asOf).toMatchObject(partial)
    expect((await it.balances.transfers({ ...PAGE, asset: GOLD })).asOf).toMatchObject(partial)
    it.chain.holds(ALICE, GOLD, 70n).holds(BOB, GOLD, 30n).supplies.set(GOLD.reference, 100n)
    expect((await it.balances.holders({ ...PAGE, asset: GOLD })).asOf).toMatchObject(partial)
    const block = { number: 4, hash: hash('4') }
    const read = (account: string, amount: bigint) => ({ ...of(account, GOLD), amount, block, observedAt: 60 })
    await it.journal.adopt([read(ALICE, 70n), read(BOB, 30n)])
    await nextTick()
    expect(await it.balances.holders({ ...PAGE, asset: GOLD })).toMatchObject({ count: 2, asOf: { complete: true } })
  })

  test('is incomplete if a read found an asset that no event gave the account', async () => {
    const it = await world()
    it.chain.holds(CAROL, SILVER, 9n)
    expect((await it.balances.account({ ...LIST, account: CAROL })).asOf).toMatchObject(WHOLE)
    const block = { number: 4, hash: hash('4') }
    await it.reads.observations.put([{ ...of(CAROL, SILVER), amount: 9n, block, observedAt: 60 }])
    await nextTick()
    expect((await it.balances.account({ ...LIST, account: CAROL })).asOf).toMatchObject({ complete: false })
    expect((await it.balances.account(LIST)).asOf).toMatchObject(WHOLE)
  })

  test('is incomplete if an account spent more than events ever gave to it', async () => {
    const it = await world()
    it.chain.add('5', '4', [move(GOLD, 3n, { from: CAROL, to: BOB })]).show('5')
    const [block] = it.chain.canonical().slice(-1)
    if (block === undefined) throw new TypeError('a block was added')
    await it.journal.append({ first: 5, through: block, blocks: [block], headers: [block] })
    await nextTick()
    it.chain.holds(ALICE, GOLD, 70n).holds(BOB, GOLD, 33n).holds(CAROL, GOLD, 5n).supplies.set(GOLD.reference, 150n)
    const { rows, asOf } = await it.balances.holders({ ...PAGE, asset: GOLD })
    expect(rows.map(({ account, amount }) => [account, amount])).toContainEqual([CAROL, 5n])
    expect(asOf).toMatchObject({ block: at(5), complete: false })
  })

  test('of transfers is incomplete if balances change without events', async () => {
    const it = await world(READS_GOLD)
    expect((await it.balances.transfers({ ...PAGE, asset: GOLD })).asOf).toMatchObject({ complete: false })
    expect((await it.balances.transfers({ ...PAGE, asset: SILVER })).asOf).toMatchObject(WHOLE)
  })
})
