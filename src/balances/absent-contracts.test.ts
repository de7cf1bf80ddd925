/** Addresses at which there is no contract any more, or not yet. */
import { setImmediate as nextTick } from 'node:timers/promises'
import { expect, test } from 'vitest'
import {
  ALICE,
  at,
  BOB,
  GOLD,
  LIST,
  next,
  of,
  poll,
  READS_GOLD,
  SILVER,
  STORED,
  world,
} from '../../test/balances/world.ts'

test('a destroyed contract is unknown, whatever was known of it before', async () => {
  const it = await world(READS_GOLD)
  it.chain.holds(ALICE, GOLD, 5n)
  expect(await it.balances.get([of(ALICE, GOLD)], STORED)).toMatchObject([{ amount: 5n }])
  it.chain.dead.add(GOLD.reference).add(SILVER.reference)
  await next(it, 5, { indexed: true })
  await poll(it)
  const gone = { known: false, reason: 'not_a_token' }
  expect(await it.balances.get([of(ALICE, GOLD)], STORED)).toEqual([gone])
  expect(await it.balances.get([of(ALICE, GOLD), of(ALICE, SILVER)], { mode: 'force' })).toEqual([gone, gone])
})

test('a list without a destroyed contract is whole only at the block at which the contract was found destroyed', async () => {
  const it = await world(READS_GOLD)
  it.chain.holds(ALICE, GOLD, 5n)
  it.chain.dead.add(SILVER.reference)
  const list = { ...LIST, assets: [GOLD, SILVER], freshness: { mode: 'force' } } as const
  await next(it, 5, { indexed: false })
  const { rows, asOf } = await it.balances.account(list)
  expect(rows).toMatchObject([{ balance: { amount: 5n, block: at(5) } }, { balance: { reason: 'not_a_token' } }])
  expect(asOf).toMatchObject({ block: at(5), complete: false })
  const { latest: head } = await it.chain.heads()
  await it.journal.append({ first: 5, through: head, blocks: [], headers: [head] })
  await nextTick()
  expect((await it.balances.account(list)).asOf).toMatchObject({ block: at(5), complete: true })
})

test('a contract that a lagging node does not have yet is unknown, and not absent', async () => {
  const it = await world(READS_GOLD)
  await poll(it)
  // The node that has block 4 fails. The other one is at block 2, where the contract has no code.
  it.chain.dead.add(GOLD.reference)
  it.chain.show('2')
  expect(await it.balances.get([of(ALICE, GOLD), of(BOB, GOLD)], STORED)).toEqual([
    { known: false, reason: 'node_unavailable' },
    { known: false, reason: 'node_unavailable' },
  ])
})
