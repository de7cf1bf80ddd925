import { describe, expect, test } from 'vitest'
import { ServiceError } from '../../src/core/errors.ts'
import { hash, MockChain } from '../chains/mock-chain.ts'
import { ACCOUNTS, ASSETS, type Movement } from '../store/chains.ts'
import { makeRig, undisturbed } from './harness.ts'

const [alice, bob] = ACCOUNTS
const [coin, second, deed, goods] = ASSETS

function move(what: Partial<Movement>): Movement {
  return { asset: coin, from: undefined, to: undefined, amount: 0n, item: 0, ...what }
}
const mint = (to: string | undefined, amount: bigint): Movement => move({ to, amount })
const pay = (from: string | undefined, to: string | undefined, amount: bigint): Movement => move({ from, to, amount })

/** 0 ─ 1 ─ 2, with a mint in block 1. */
function trunk(): MockChain {
  return new MockChain()
    .add('0', undefined)
    .add('1', '0', [mint(alice, 100n)])
    .add('2', '1', [pay(alice, bob, 10n)])
}

type Case = {
  readonly name: string
  /** All blocks, of both branches. */
  readonly chain: MockChain
  /** The heads that the node shows, in order. */
  readonly heads: readonly string[]
}

const CASES: readonly Case[] = [
  {
    name: 'one block is replaced',
    chain: trunk()
      .add('3a', '2', [pay(alice, bob, 5n)])
      .add('3b', '2', [pay(bob, alice, 1n)]),
    heads: ['3a', '3b'],
  },
  {
    name: 'one block is replaced by a longer branch',
    chain: trunk()
      .add('3a', '2', [pay(alice, bob, 5n)])
      .add('3b', '2')
      .add('4b', '3b', [pay(alice, bob, 7n)]),
    heads: ['3a', '4b'],
  },
  {
    name: 'a shorter branch wins',
    chain: trunk()
      .add('3a', '2', [mint(bob, 1n)])
      .add('4a', '3a', [mint(bob, 2n)])
      .add('3b', '2', [mint(alice, 3n)]),
    heads: ['4a', '3b'],
  },
  {
    name: 'all blocks above the genesis are replaced',
    chain: trunk()
      .add('1b', '0', [mint(bob, 1n)])
      .add('2b', '1b')
      .add('3b', '2b', [pay(bob, alice, 1n)]),
    heads: ['2', '3b'],
  },
  {
    name: 'back to the first branch',
    chain: trunk()
      .add('3a', '2', [mint(alice, 1n)])
      .add('3b', '2', [mint(bob, 1n)])
      .add('4a', '3a', [mint(alice, 1n)]),
    heads: ['3a', '3b', '4a'],
  },
  {
    name: 'a token created and a holder emptied on the lost branch',
    chain: trunk()
      .add('3a', '2', [{ ...mint(alice, 9n), asset: second }, pay(alice, bob, 90n)])
      .add('3b', '2')
      .add('4b', '3b', [{ ...mint(bob, 4n), asset: second }]),
    heads: ['3a', '4b'],
  },
  {
    name: 'items of ERC-721 and ERC-1155 on the lost branch',
    chain: trunk()
      .add('3a', '2', [move({ asset: deed, to: alice, item: 7 }), move({ asset: goods, to: bob, item: 1, amount: 5n })])
      .add('4a', '3a', [move({ asset: deed, from: alice, to: bob, item: 7 })])
      .add('3b', '2', [move({ asset: goods, to: bob, item: 2, amount: 6n })])
      .add('4b', '3b', [move({ asset: deed, to: bob, item: 7 })]),
    heads: ['4a', '4b'],
  },
  {
    name: 'a sum that is out of range on the lost branch only',
    chain: trunk()
      .add('3a', '2', [pay(bob, alice, 50n)])
      .add('3b', '2', [pay(bob, alice, 10n)]),
    heads: ['3a', '3b'],
  },
]

describe('after a reorg the store equals one that never saw the lost branch', () => {
  test.each(CASES)('$name', async ({ chain, heads }) => {
    const first = heads[0] ?? '0'
    const rig = await makeRig(chain.show(first))
    for (const head of heads) {
      chain.show(head)
      await rig.settle()
      expect(await rig.dump()).toEqual(await undisturbed(chain))
      expect((await rig.reads.clock()).published?.hash).toBe(hash(head))
    }
    await rig.close()
  })
})

test('a node that lags on our own branch causes no rollback', async () => {
  const chain = trunk().show('2')
  const rig = await makeRig(chain)
  await rig.settle()
  chain.show('1')
  await rig.settle()
  expect((await rig.reads.clock()).published?.number).toBe(2)
  await rig.close()
})

test('a single conflicting poll is not a reorg yet', async () => {
  const chain = trunk()
    .add('3a', '2', [mint(alice, 1n)])
    .add('3b', '2')
    .show('3a')
  const rig = await makeRig(chain)
  await rig.settle()
  chain.show('3b')
  await rig.indexer.step(new AbortController().signal)
  chain.show('3a')
  await rig.settle()
  expect((await rig.reads.clock()).counts.rollbacks).toBe(0)
  await rig.close()
})

test('a reorg deeper than the finalized head stops the chain, and the stored data stays', async () => {
  const chain = trunk().add('1b', '0').add('2b', '1b').add('3b', '2b').show('2', 1)
  const rig = await makeRig(chain)
  await rig.settle()
  const before = await rig.dump()
  chain.show('3b', 1)
  await expect(rig.settle()).rejects.toMatchObject({ code: 'REORG_TOO_DEEP' })
  expect(await rig.dump()).toEqual(before)
  await rig.close()
})

test('a reorg that replaces the first block of the coverage, before any block was final, starts there again', async () => {
  const chain = trunk()
    .add('3', '2', [pay(bob, alice, 1n)])
    .add('1b', '0', [mint(bob, 100n)])
    .add('2b', '1b', [mint(alice, 7n)])
    .add('3b', '2b', [pay(bob, alice, 10n)])
    .show('3', 0)
  const from2 = { scope: { type: 'all' }, from: 2 } as const
  const rig = await makeRig(chain, from2)
  await rig.settle()
  const key = { account: alice ?? '', asset: coin, item: '' }
  await rig.reads.observations.put([{ ...key, amount: 1n, block: { number: 2, hash: hash('2') }, observedAt: 1 }])
  await rig.settle()
  chain.show('3b')
  await rig.settle()
  expect(await rig.dump()).toEqual(await undisturbed(chain, from2))
  expect(await rig.reads.observations.get([key])).toEqual([undefined])
  expect(await rig.reads.clock()).toMatchObject({ published: { hash: hash('3b') }, error: undefined })
  await rig.close()
})

test('a node that fails during a reorg does not change the result', async () => {
  const chain = trunk()
    .add('3a', '2', [mint(alice, 1n)])
    .add('3b', '2')
    .add('4b', '3b', [mint(bob, 2n)])
    .show('3a')
  const rig = await makeRig(chain)
  await rig.settle()
  chain.show('4b')
  let calls = 0
  chain.fault = () => {
    if (++calls % 2 === 0) throw new ServiceError('NODE_TIMEOUT', 'slow')
  }
  for (let tries = 0; tries < 40; tries++) await rig.indexer.step(new AbortController().signal).catch(() => undefined)
  chain.fault = () => undefined
  await rig.settle()
  expect(await rig.dump()).toEqual(await undisturbed(chain))
  await rig.close()
})
