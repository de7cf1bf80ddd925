/** The settled part of balances over a journal with blocks that are not final, on a real store. */
import { setImmediate as nextTick } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { ChainFunds } from '../../src/balances/chain-funds.ts'
import { NodeReader } from '../../src/balances/node-reader.ts'
import type { BalanceKey } from '../../src/core/balance.ts'
import { hash } from '../chains/mock-chain.ts'
import { ENGINES } from '../store/engines.ts'
import { ALICE, at, BOB, GOLD, move, NOW, of, poll, SILVER, type World, type WorldOptions, world } from './world.ts'

const ETHER = { standard: 'native', reference: '60' } as const

async function fundsWorld(options?: WorldOptions) {
  const made = await world(options)
  const { chain, reads } = made
  const signal = new AbortController().signal
  const node = new NodeReader({ adapter: chain, observations: reads.observations, signal })
  const funds = new ChainFunds({ reads, node, now: () => NOW })
  const shown = async (...keys: readonly BalanceKey[]) => {
    const { rows } = await funds.of(keys)
    return rows.map(({ balance, settled }) => [balance.known ? balance.amount : balance.reason, settled])
  }
  return { ...made, funds, shown }
}

async function append(world: World, [name, parent]: readonly [string, string], ...moves: ReturnType<typeof move>[]) {
  world.chain.add(name, parent, moves).show(name)
  const block = world.chain.canonical().at(-1)
  if (block === undefined) throw new Error('a shown chain has a head')
  await world.journal.append({ first: block.number, through: block, blocks: [block], headers: [block] })
  await nextTick()
}

async function finalize({ journal }: World, name: string): Promise<void> {
  await journal.finalize({ number: Number.parseInt(name, 10), hash: hash(name) })
  await nextTick()
}

describe.each(ENGINES)('$name', (engine) => {
  test('what comes in is settled once its block is final, and what goes out at once', async () => {
    const w = await fundsWorld({ engine })
    await finalize(w, '0')
    expect(await w.shown(of(ALICE, GOLD), of(BOB, GOLD), of(ALICE, SILVER), of(BOB, SILVER))).toEqual([
      [70n, 0n],
      [30n, 0n],
      [7n, 0n],
      [0n, 0n],
    ])
    await finalize(w, '1')
    expect(await w.shown(of(ALICE, GOLD), of(BOB, GOLD))).toEqual([
      [70n, 70n],
      [30n, 0n],
    ])
    await finalize(w, '4')
    expect(await w.shown(of(ALICE, GOLD), of(BOB, GOLD))).toEqual([
      [70n, 70n],
      [30n, 30n],
    ])
    // Out and in again within the blocks that are not final: the least amount in between is settled.
    await append(w, ['5', '4'], move(GOLD, 65n, { from: ALICE, to: BOB }))
    await append(w, ['6', '5'], move(GOLD, 50n, { from: BOB, to: ALICE }))
    expect(await w.shown(of(ALICE, GOLD), of(BOB, GOLD))).toEqual([
      [55n, 5n],
      [45n, 30n],
    ])
    await w.journal.rollback({ number: 4, hash: hash('4') })
    await nextTick()
    expect(await w.shown(of(ALICE, GOLD), of(BOB, GOLD))).toEqual([
      [70n, 70n],
      [30n, 30n],
    ])
  })

  test('a sum below zero within a block settles nothing, and is no negative amount', async () => {
    const w = await fundsWorld({ engine })
    await finalize(w, '4')
    const odd = [move(GOLD, 90n, { from: ALICE, to: BOB }), move(GOLD, 40n, { from: BOB, to: ALICE })]
    await append(w, ['5', '4'], ...odd)
    expect(await w.shown(of(ALICE, GOLD), of(BOB, GOLD))).toEqual([
      [20n, 0n],
      [80n, 30n],
    ])
  })

  test('a balance that only reads tell is settled as far as reads since the finalized block go', async () => {
    const w = await fundsWorld({ engine })
    await finalize(w, '2')
    await poll(w, 90)
    const key = of(ALICE, ETHER)
    expect(await w.shown(key)).toEqual([['node_unavailable', undefined]])
    w.chain.holds(ALICE, ETHER, 10n).holds(ALICE, ETHER, { amount: 25n, from: 4 })
    expect(await w.funds.read([key], 'newest')).toEqual({ hasAnswered: true, read: [key] })
    // Nothing is known of the finalized block yet, so nothing is known to be settled.
    expect(await w.shown(key)).toEqual([[25n, undefined]])
    expect(await w.funds.read([key], 'finalized')).toEqual({ hasAnswered: true, read: [key] })
    expect(await w.shown(key)).toEqual([[25n, 10n]])
    expect((await w.funds.of([key])).rows[0]?.balance).toMatchObject({ block: at(4), source: 'reads' })
    w.chain.holds(ALICE, ETHER, { amount: 4n, from: 5 })
    await append(w, ['5', '4'])
    await poll(w, 91)
    await w.funds.read([key], 'newest')
    expect(await w.shown(key)).toEqual([[4n, 4n]])
    w.chain.holds(ALICE, ETHER, { amount: 40n, from: 6 })
    await append(w, ['6', '5'])
    await poll(w, 92)
    await w.funds.read([key], 'newest')
    expect(await w.shown(key)).toEqual([[40n, 4n]])
    // As after a reorg: reads above the ancestor are forgotten.
    await w.reads.observations.dropAbove(4)
    await w.journal.rollback({ number: 4, hash: hash('4') })
    await nextTick()
    expect(await w.reads.trail.since([key], 2)).toEqual([{ least: 10n, changedAt: 90 }])
    await append(w, ['5a', '4'])
    await finalize(w, '4')
    w.chain.holds(ALICE, ETHER, { amount: 25n, from: 4 })
    await poll(w, 93)
    await w.funds.read([key], 'newest')
    await w.funds.read([key], 'finalized')
    expect(await w.shown(key)).toEqual([[25n, 25n]])
  })

  test('a token known by reads counts as the native asset does, and a dead node leaves what was read', async () => {
    const w = await fundsWorld({ engine, reads: [`erc20:${GOLD.reference}`] })
    await finalize(w, '2')
    await poll(w, 90)
    const key = of(ALICE, GOLD)
    w.chain.holds(ALICE, GOLD, 500n)
    await w.funds.read([key], 'newest')
    await w.funds.read([key], 'finalized')
    expect(await w.shown(key)).toEqual([[500n, 500n]])
    w.chain.fault = () => {
      throw new Error('the node is dead')
    }
    await append(w, ['5', '4'], move(GOLD, 1n, { from: ALICE, to: BOB }))
    expect(await w.funds.read([key], 'newest')).toEqual({ hasAnswered: false, read: [] })
    expect((await w.funds.of([key])).rows).toEqual([
      {
        balance: { known: true, amount: 500n, block: at(4), finality: 'latest', source: 'reads', knownAt: 60 },
        settled: 500n,
        changedAt: 90,
        isProven: false,
      },
    ])
  })

  test('a read of the published block is known true as long as that is the newest block', async () => {
    const w = await fundsWorld({ engine })
    await finalize(w, '4')
    await poll(w, 90)
    const key = of(ALICE, ETHER)
    w.chain.holds(ALICE, ETHER, 5n)
    await w.funds.read([key], 'newest')
    expect((await w.funds.of([key])).rows[0]?.balance).toMatchObject({ knownAt: 90 })
    await poll(w, 97)
    expect((await w.funds.of([key])).rows[0]?.balance).toMatchObject({ knownAt: 97 })
  })

  test('while a balance is in doubt, reads tell it', async () => {
    const w = await fundsWorld({ engine })
    await finalize(w, '4')
    await poll(w, 90)
    const key = of(ALICE, GOLD)
    const block = { number: 4, hash: hash('4') }
    await w.journal.adopt([{ ...key, amount: 71n, block, observedAt: NOW }])
    await nextTick()
    expect((await w.funds.of([key])).rows[0]).toMatchObject({ isProven: false, settled: undefined })
    w.chain.holds(ALICE, GOLD, 71n)
    await w.funds.read([key], 'newest')
    await w.funds.read([key], 'finalized')
    expect(await w.shown(key)).toEqual([[71n, 71n]])
  })
})
