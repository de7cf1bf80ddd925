import { setImmediate as nextTick } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Observation } from '../../src/core/balance.ts'
import { hash, MockChain } from '../chains/mock-chain.ts'
import { ACCOUNTS, ASSETS, type Movement } from '../store/chains.ts'
import { makeRig } from './harness.ts'

const [alice = '', bob = ''] = ACCOUNTS
const [coin] = ASSETS
const pay = (from: string, to: string, amount: bigint): Movement => ({ asset: coin, from, to, amount, item: 0 })

/** 7 ─ 8 ─ 9, with accounts that had balances before; and a second block 9. */
const chain = (): MockChain =>
  new MockChain()
    .add('7', undefined, [pay(alice, bob, 1n)])
    .add('8', '7', [pay(alice, bob, 2n)])
    .add('9a', '8', [pay(bob, alice, 1n)])
    .add('9b', '8', [pay(bob, alice, 3n)])
    .show('8', 7)

function read(account: string, block: string, amount: bigint): Observation {
  const number = Number.parseInt(block, 10)
  return { account, asset: coin, item: '', amount, block: { number, hash: hash(block) }, observedAt: 1 }
}

const FROM_7 = { scope: { type: 'all' }, from: 7 } as const

test('an observation is adopted when its block is committed, not before', async () => {
  const shown = chain()
  const rig = await makeRig(shown, FROM_7)
  await rig.settle()
  await rig.reads.observations.put([read(alice, '9a', 10n)])
  await rig.settle()
  const key = { account: alice, asset: coin, item: '' }
  expect((await rig.reads.balances([key])).rows[0]?.amount).toBeUndefined()
  shown.show('9a')
  await rig.settle()
  expect((await rig.reads.balances([key])).rows[0]?.amount).toBe(10n)
  expect((await rig.reads.balances([key], 7)).rows[0]?.amount).toBe(11n)
  await nextTick()
  expect(await rig.reads.observations.uncompared({ through: 9, limit: 9 })).toEqual([])
  expect(await rig.reads.observations.get([key])).toMatchObject([{ amount: 10n }])
  await rig.close()
})

test('an observation of a replaced block is dropped, and no balance depends on it', async () => {
  const shown = chain()
  const rig = await makeRig(shown, FROM_7)
  await rig.settle()
  await rig.reads.observations.put([read(alice, '9a', 10n)])
  shown.show('9b')
  await rig.settle()
  const key = { account: alice, asset: coin, item: '' }
  expect(await rig.reads.observations.get([key])).toEqual([undefined])
  expect((await rig.reads.balances([key])).rows[0]?.amount).toBeUndefined()
  await rig.close()
})

test('an observation of a block without transfers is adopted, even if the block is final at once', async () => {
  const shown = new MockChain()
    .add('7', undefined, [pay(alice, bob, 1n)])
    .add('8', '7')
    .add('9', '8')
    .show('8', 8)
  const rig = await makeRig(shown, FROM_7)
  await rig.settle()
  await rig.reads.observations.put([read(alice, '8', 10n)])
  shown.show('9', 9)
  await rig.settle()
  const key = { account: alice, asset: coin, item: '' }
  expect(await rig.reads.observations.get([key])).toMatchObject([{ amount: 10n }])
  expect((await rig.reads.balances([key], 7)).rows[0]?.amount).toBe(10n)
  await rig.close()
})

test('an observation of a block that was final long ago is not adopted: its branch is unknown', async () => {
  const last = 7 + 600
  const shown = new MockChain().add('7', undefined, [pay(alice, bob, 1n)])
  for (let number = 8; number <= last; number++) shown.add(`${number}`, `${number - 1}`)
  shown.show(`${last}`, last)
  const rig = await makeRig(shown, FROM_7)
  await rig.settle()
  await rig.reads.observations.put([read(alice, '8', 10n), read(bob, `${last - 100}`, 10n)])
  await rig.settle()
  const keys = [alice, bob].map((account) => ({ account, asset: coin, item: '' }))
  expect((await rig.reads.balances(keys)).rows.map((row) => row?.amount)).toEqual([undefined, undefined])
  expect(await rig.reads.observations.get(keys)).toMatchObject([{ amount: 10n }, { amount: 10n }])
  expect(await rig.reads.observations.uncompared({ through: last, limit: 9 })).toEqual([])
  await rig.close()
})

test('a reorg removes an opening with its block, and the store equals an undisturbed one', async () => {
  const shown = chain().show('9a', 7)
  const rig = await makeRig(shown, FROM_7)
  await rig.settle()
  await rig.reads.observations.put([read(alice, '9a', 10n)])
  await rig.settle()
  shown.show('9b')
  await rig.settle()
  const other = await makeRig(shown, FROM_7)
  await other.settle()
  expect(await rig.dump()).toEqual(await other.dump())
  await other.close()
  await rig.close()
})

test('locate reports which blocks are known to be replaced', async () => {
  const rig = await makeRig(chain().show('9b'), FROM_7)
  await rig.settle()
  const blocks = ['9a', '9b', '8', '10'].map((name) => ({ number: Number.parseInt(name, 10), hash: hash(name) }))
  expect((await rig.reads.locate(blocks)).map(({ branch }) => branch === 'other')).toEqual([true, false, false, false])
  await rig.close()
})
