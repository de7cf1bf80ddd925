/** A chain that only loses blocks, told apart from a node that lags. */
import { setImmediate as nextTick } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Confirmation, Conflict } from '../../src/chains/adapter.ts'
import { hash, MockChain } from '../chains/mock-chain.ts'
import { ACCOUNTS, ASSETS } from '../store/chains.ts'
import { makeRig, type Rig, undisturbed } from './harness.ts'

const SIGNAL = new AbortController().signal
const [alice] = ACCOUNTS
const [coin] = ASSETS
/** The pause between two polls on Starknet. */
const POLL_MS = 2_000

type Polled = { readonly chain: MockChain; readonly rig: Rig; readonly poll: (times: number) => Promise<unknown> }

/** A followed chain of 9 blocks, with a mint in each, of which block 3 is final. */
async function followed(): Promise<Polled> {
  const chain = new MockChain().add('0', undefined)
  for (let number = 1; number <= 9; number++) {
    const mint = { asset: coin, from: undefined, to: alice, amount: BigInt(number), item: 0 }
    chain.add(`${number}`, `${number - 1}`, [mint])
  }
  let now = 0
  const rig = await makeRig(chain.show('9', 3), undefined, { now: () => now })
  await rig.settle()
  const poll = async (times: number): Promise<unknown> => {
    for (let nth = 0; nth < times; nth++) {
      now += POLL_MS
      await rig.indexer.step(SIGNAL)
    }
    await nextTick()
    const { published, counts, state } = await rig.reads.clock()
    return { head: published?.number, rollbacks: counts.rollbacks, conflicts: counts.conflicts, state }
  }
  return { chain, rig, poll }
}

const LIVE = { state: 'live', conflicts: 0 }

test.each(['8', '5', '3'])(
  'blocks above %s that are gone for some polls are rolled back, and only then',
  async (head) => {
    const { chain, rig, poll } = await followed()
    chain.show(head)
    expect(await poll(5)).toEqual({ ...LIVE, head: 9, rollbacks: 0 })
    expect(await poll(1)).toEqual({ ...LIVE, head: Number(head), rollbacks: 1 })
    expect(await rig.dump()).toEqual(await undisturbed(chain))
    expect(await poll(9)).toEqual({ ...LIVE, head: Number(head), rollbacks: 1 })
    chain.add('4b', '3').add('5b', '4b').add('6b', '5b').add('7b', '6b').add('8b', '7b').add('9b', '8b').show('9b')
    await rig.settle()
    expect((await rig.reads.clock()).published?.hash).toBe(hash('9b'))
    await rig.close()
  },
)

test('many polls in a short time prove nothing', async () => {
  const { chain, rig } = await followed()
  chain.show('5')
  for (let polls = 0; polls < 50; polls++) await rig.indexer.step(SIGNAL)
  expect((await rig.reads.clock()).published?.number).toBe(9)
  await rig.close()
})

test('a node that lags but goes on causes no rollback', async () => {
  const { chain, rig, poll } = await followed()
  for (const head of ['5', '6', '7', '8', '9']) {
    chain.show(head)
    expect(await poll(4)).toEqual({ ...LIVE, head: 9, rollbacks: 0 })
  }
  await rig.close()
})

test('two machines behind one URL, of which one stopped, cause no rollback', async () => {
  const { chain, rig, poll } = await followed()
  for (let turn = 0; turn < 5; turn++) {
    expect(await poll(4)).toEqual({ ...LIVE, head: 9, rollbacks: 0 })
    chain.show(turn % 2 === 0 ? '5' : '9')
  }
  await rig.close()
})

test('nothing is rolled back while another node has the newest block', async () => {
  const { chain, rig, poll } = await followed()
  const asked: Conflict[] = []
  let answer: Confirmation = 'refused'
  chain.others = (conflict) => {
    asked.push(conflict)
    return answer
  }
  chain.show('5')
  expect(await poll(30)).toEqual({ ...LIVE, head: 9, rollbacks: 0 })
  expect(new Set(asked.map((one) => JSON.stringify(one)))).toEqual(
    new Set([JSON.stringify({ number: 9, ours: hash('9') })]),
  )
  answer = 'alone'
  expect(await poll(6)).toEqual({ ...LIVE, head: 5, rollbacks: 1 })
  await rig.close()
})

test('a chain that ends below the finalized head is not rolled back', async () => {
  const { chain, rig, poll } = await followed()
  chain.show('2', 1)
  expect(await poll(30)).toMatchObject({ head: 9, rollbacks: 0 })
  expect((await rig.reads.clock()).error).toMatch(/block 2, but block 3 was final/)
  await rig.close()
})
