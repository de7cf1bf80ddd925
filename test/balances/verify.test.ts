/** Verification on a real store and a mock chain, while blocks, reorgs and failures happen. */
import { setImmediate as nextTick } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { ChainProver, Proof, Question } from '../../src/chains/adapter.ts'
import { type AssetRef, assetKey } from '../../src/core/asset.ts'
import type { BlockRef } from '../../src/core/block.ts'
import { ServiceError } from '../../src/core/errors.ts'
import type { Difference } from '../../src/verify/comparison.ts'
import { verifyChain } from '../../src/verify/verify-chain.ts'
import type { ChainResult } from '../../src/verify/verify-result.ts'
import { hash, MockChain } from '../chains/mock-chain.ts'
import { makeRig, type Rig } from '../indexer/harness.ts'
import { ACCOUNTS, ASSETS, type Movement } from '../store/chains.ts'
import { Model } from '../store/model.ts'

const [alice = '', bob = ''] = ACCOUNTS
const [coin] = ASSETS
const pay = (to: string, amount: bigint): Movement => ({ asset: coin, from: undefined, to, amount, item: 0 })

let chain: MockChain
let rig: Rig
const stopping = new AbortController()
beforeEach(async () => {
  chain = new MockChain()
    .add('0', undefined)
    .add('1', '0', [pay(alice, 5n), pay(bob, 6n)])
    .add('2', '1', [pay(alice, 1n)])
    .show('2')
  rig = await makeRig(chain)
  await rig.settle()
})
afterEach(() => rig.close())

/** Proves the amounts of the mock chain, at a block of the branch that it shows. `before` runs before each answer. */
class MockProver implements ChainProver {
  before: (asked: number) => Promise<void> = async () => undefined
  /** The node has no state of blocks below this one. */
  remembers = 0
  /** Units that the chain has besides those in its events. */
  extra = 0n
  asked = 0

  async blockAt(number: number): Promise<BlockRef | undefined> {
    const block = chain.canonical().find((one) => one.number === number)
    return block && { number, hash: block.hash }
  }

  async prove(questions: readonly Question[]): Promise<readonly Proof[]> {
    await this.before(++this.asked)
    return questions.map((question) => this.#answer(question))
  }

  #answer(question: Question): Proof {
    const { number } = question.block
    const blocks = chain.canonical()
    if (blocks[number]?.hash !== question.block.hash) return { ok: false, reason: 'block_replaced' }
    if (number < this.remembers) return { ok: false, reason: 'no_archive' }
    const model = new Model()
    model.append(blocks)
    const positions = [...model.positions(number)]
    if (question.what === 'supply') return { ok: true, amount: total(positions, question.asset) }
    const { account, asset, item } = question.key
    const found = new Map(positions).get(`${account}/${assetKey(asset)}/${item}`)
    return { ok: true, amount: (found?.amount ?? 0n) + this.extra }
  }
}

type Positions = readonly (readonly [string, { amount: bigint | undefined }])[]

function total(positions: Positions, asset: AssetRef): bigint {
  const own = positions.filter(([key]) => key.endsWith(`/${assetKey(asset)}/`))
  return own.reduce((sum, [, { amount }]) => sum + (amount ?? 0n), 0n)
}

async function verify(
  prover: ChainProver,
  options: { readonly sample?: number; readonly now?: number; readonly signal?: AbortSignal } = {},
): Promise<{ verdict: ChainResult; differences: readonly Difference[] }> {
  const differences: Difference[] = []
  const verdict = await verifyChain({
    sides: { reads: rig.reads, prover, signal: options.signal ?? stopping.signal },
    selection: { accounts: undefined, assets: undefined },
    sample: options.sample,
    watch: { onDifference: (difference) => differences.push(difference), onProgress: () => undefined },
    // By default long after the last heartbeat, so that no indexer seems to run.
    now: () => options.now ?? 9_999_999_999,
    random: () => 0.5,
  })
  return { verdict, differences }
}

const EQUAL = { checked: 2, equal: 2, different: 0, skipped: {} }

test('all is equal, at the published block, supply included', async () => {
  const { verdict, differences } = await verify(new MockProver())
  expect(differences).toEqual([])
  expect(verdict).toEqual({
    result: 'equal',
    error: undefined,
    blocks: [{ number: 2, hash: hash('2'), checked: 2 }],
    counts: {
      balance: EQUAL,
      observation: { ...EQUAL, checked: 0, equal: 0 },
      supply: { ...EQUAL, checked: 1, equal: 1 },
    },
  })
})

test('a difference is reported once, after a second read', async () => {
  const prover = new MockProver()
  prover.extra = 1n
  const { verdict, differences } = await verify(prover)
  expect(verdict.result).toBe('different')
  expect(differences.map(({ account, stored, chainAmount }) => [account, stored, chainAmount])).toEqual([
    [alice, 6n, 7n],
    [bob, 6n, 7n],
  ])
})

test('a difference in the first read only is no difference', async () => {
  const prover = new MockProver()
  prover.extra = 1n
  prover.before = async (asked) => {
    if (asked === 2) prover.extra = 0n
  }
  expect((await verify(prover)).verdict.counts.balance).toEqual(EQUAL)
})

test('new blocks change nothing: all is compared at the block that was chosen at the start', async () => {
  const prover = new MockProver()
  chain.add('3', '2', [pay(bob, 100n)])
  prover.before = async () => {
    chain.show('3')
    await rig.settle()
  }
  const { verdict } = await verify(prover)
  expect([verdict.result, verdict.blocks]).toEqual(['equal', [{ number: 2, hash: hash('2'), checked: 2 }]])
})

test('a reorg moves the comparison to the new branch', async () => {
  const prover = new MockProver()
  chain.add('2b', '1', [pay(bob, 50n)]).add('3b', '2b')
  prover.before = async (asked) => {
    if (asked > 1) return
    chain.show('3b')
    await rig.settle()
  }
  const { verdict, differences } = await verify(prover)
  expect(differences).toEqual([])
  expect([verdict.result, verdict.blocks]).toEqual(['equal', [{ number: 3, hash: hash('3b'), checked: 2 }]])
})

test('when the node drops the state, the comparison moves to the current block', async () => {
  const prover = new MockProver()
  chain.add('3', '2', [pay(bob, 100n)])
  prover.before = async (asked) => {
    if (asked > 1) return
    prover.remembers = 3
    chain.show('3')
    await rig.settle()
  }
  const { verdict } = await verify(prover)
  expect([verdict.result, verdict.counts.balance, verdict.blocks]).toEqual([
    'equal',
    EQUAL,
    [{ number: 3, hash: hash('3'), checked: 2 }],
  ])
})

test('if no newer block is indexed, amounts without state are skipped and not asked again', async () => {
  const prover = new MockProver()
  prover.remembers = 3
  const { verdict } = await verify(prover)
  expect(verdict.counts.balance).toEqual({ checked: 0, equal: 0, different: 0, skipped: { no_archive: 2 } })
  expect([verdict.result, prover.asked]).toEqual(['unproven', 2])
})

test('store and node on different branches are a conflict, not a difference', async () => {
  chain.add('2b', '1', [pay(bob, 50n)]).show('2b')
  const { verdict, differences } = await verify(new MockProver())
  expect(differences).toEqual([])
  expect(verdict).toMatchObject({
    result: 'conflict',
    error: `block 2 is ${hash('2')} here and ${hash('2b')} on the node`,
  })
})

test('verify waits for an indexer that resolves the conflict', async () => {
  chain
    .add('2b', '1', [pay(bob, 50n)])
    .add('3b', '2b')
    .show('3b')
  const prover = new MockProver()
  const blockAt = prover.blockAt.bind(prover)
  prover.blockAt = async (number) => {
    const found = await blockAt(number)
    if (number === 2) await rig.settle()
    return found
  }
  const beat = (await rig.reads.clock()).beatAt ?? 0
  const { verdict } = await verify(prover, { now: beat + 1 })
  expect([verdict.result, verdict.blocks[0]?.hash]).toEqual(['equal', hash('3b')])
})

test('a node that is behind is reported, and so is one that fails; earlier counts are kept', async () => {
  chain.show('1')
  expect((await verify(new MockProver())).verdict).toMatchObject({
    result: 'failed',
    error: 'the node does not have block 2, which is indexed',
  })
  chain.show('2')
  const prover = new MockProver()
  prover.before = async (asked) => {
    if (asked === 2) throw new ServiceError('NODE_UNREACHABLE', 'gone')
  }
  const { verdict } = await verify(prover)
  expect(verdict).toMatchObject({ result: 'failed', error: 'gone', counts: { balance: EQUAL } })
})

test('observations are compared at their own blocks; those of lost blocks are skipped', async () => {
  const observe = (account: string, name: string, amount: bigint) =>
    rig.reads.observations.put([
      {
        account,
        asset: coin,
        item: '',
        amount,
        block: { number: Number.parseInt(name, 10), hash: hash(name) },
        observedAt: 1,
      },
    ])
  await observe(alice, '1', 5n)
  await observe(bob, '2x', 9n)
  await observe(ACCOUNTS[2] ?? '', '2', 3n)
  const { verdict, differences } = await verify(new MockProver())
  expect(verdict.counts.observation).toEqual({ checked: 2, equal: 1, different: 1, skipped: { block_replaced: 1 } })
  expect(differences).toMatchObject([{ subject: 'observation', stored: 3n, chainAmount: 0n, accounting: 'events' }])
})

test('a sample has the requested number of balances, or all if there are fewer', async () => {
  const { verdict } = await verify(new MockProver(), { sample: 1 })
  expect(verdict.counts.balance.checked).toBe(1)
  expect((await verify(new MockProver(), { sample: 100 })).verdict.counts.balance).toEqual(EQUAL)
})

test('it stops between two pages when its signal fires', async () => {
  const stop = new AbortController()
  stop.abort()
  expect((await verify(new MockProver(), { signal: stop.signal })).verdict).toMatchObject({ result: 'stopped' })
  await nextTick()
})
