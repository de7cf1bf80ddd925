/** Contracts that are destroyed and deployed again: how the audit detects them, and what readers get. */
import { setImmediate as nextTick } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { ChainBalances } from '../../src/balances/chain-balances.ts'
import { NodeReader } from '../../src/balances/node-reader.ts'
import { StatefulChain } from '../chains/stateful-chain.ts'
import { ACCOUNTS, ASSETS, type Movement } from '../store/chains.ts'
import { makeRig, type Rig } from './harness.ts'

const [alice = '', bob = ''] = ACCOUNTS
const [coin, second] = ASSETS
const LIST = { standards: ['erc20'], receivedOnly: true, freshness: { mode: 'stored' }, offset: 0, limit: 9 } as const

let rig: Rig | undefined
afterEach(async () => {
  await rig?.close()
  rig = undefined
})

function move(from: string | undefined, to: string, amount: bigint): Movement {
  return { asset: coin, from, to, amount, item: 0 }
}

/**
 * The coin is minted to alice in block 1 and paid to bob in block 2, and another token is minted to alice in block 1.
 * From the end of block `ended` the coin has no code.
 */
function chainWith(ended: number, head: number, finalized?: number): StatefulChain {
  const chain = new StatefulChain()
    .add('0', undefined)
    .add('1', '0', [move(undefined, alice, 100n), { ...move(undefined, alice, 7n), asset: second }])
    .add('2', '1', [move(alice, bob, 30n)])
  for (let number = 3; number <= head; number++) chain.add(`${number}`, `${number - 1}`)
  chain.isAbsent = (asset, block) => asset.reference === coin.reference && block >= ended
  return chain.show(`${head}`, finalized)
}

function balancesOf({ reads }: Rig, chain: StatefulChain): ChainBalances {
  const signal = new AbortController().signal
  const node = new NodeReader({ adapter: chain, observations: reads.observations, signal })
  return new ChainBalances({ reads, node, now: () => 1_000_000 })
}

/** Alice's list, bob's list and the coin's holders: counts, references and amounts. */
async function seen(of: Rig, chain: StatefulChain, asOf?: number) {
  await of.journal.heartbeat({ state: 'live', head: undefined, caughtUpAt: 1, error: undefined, counts: {} })
  await nextTick()
  const balances = balancesOf(of, chain)
  const list = async (account: string) => {
    const { rows, count } = await balances.account({ ...LIST, account, ...(asOf === undefined ? {} : { asOf }) })
    const shown = rows.map(
      ({ asset, balance }) => `${asset.reference.slice(2, 3)} ${balance.known ? balance.amount : '?'}`,
    )
    return [count, ...shown]
  }
  const { rows, count } = await balances.holders({ asset: coin, offset: 0, limit: 9 })
  return { alice: await list(alice), bob: await list(bob), holders: [count, ...rows.map(({ amount }) => amount)] }
}

const ALIVE = { alice: [2, 'a 70', 'b 7'], bob: [1, 'a 30'], holders: [2, 70n, 30n] }
const GONE = { alice: [1, 'b 7'], bob: [0], holders: [0] }

test('a destroyed contract loses its rows, holders and counts; as of an earlier block they are unchanged', async () => {
  const chain = chainWith(4, 6)
  rig = await makeRig(chain)
  expect(await rig.audit()).toMatchObject({ audit_different: 0, audit_turned: 0 })
  expect(await seen(rig, chain)).toEqual(GONE)
  expect(await rig.reads.asset(coin)).toMatchObject({ isGone: true, accounting: 'reads', eventsUntil: 4 })
  expect(await seen(rig, chain, 3)).toMatchObject({ alice: ALIVE.alice, bob: ALIVE.bob })
  expect(await seen(rig, chain, 4)).toMatchObject({ alice: GONE.alice, bob: GONE.bob })
  const key = { account: alice, asset: coin, item: '' }
  expect(await balancesOf(rig, chain).getAsOf([key], 3)).toMatchObject([{ amount: 70n, source: 'events' }])
  expect(await balancesOf(rig, chain).getAsOf([key], 4)).toEqual([{ known: false, reason: 'not_a_token' }])
})

test('the end of a contract survives a restart, and a second audit finds nothing new', async () => {
  const chain = chainWith(4, 6)
  rig = await makeRig(chain)
  await rig.audit()
  const place = await rig.stop()
  rig = await makeRig(chain, undefined, { place })
  expect(await seen(rig, chain)).toEqual(GONE)
  expect(await rig.audit()).toMatchObject({ audit_different: 0, audit_turned: 0 })
  expect(await seen(rig, chain)).toEqual(GONE)
})

test('if no node keeps the old state, the contract ends at the oldest block where the audit could see it', async () => {
  const chain = chainWith(4, 40, 40)
  chain.stateBlocks = 20
  rig = await makeRig(chain)
  await rig.audit()
  // The audit can rely on state at most 16 blocks back.
  expect(await rig.reads.asset(coin)).toMatchObject({ isGone: true, eventsUntil: 24 })
  chain.stateBlocks = 0
  const other = await makeRig(chain)
  await other.audit()
  expect(await other.reads.asset(coin)).toMatchObject({ isGone: true, eventsUntil: 40 })
  await other.close()
})

test.each(['by_number', 'another_node'] as const)('one read is not enough: with %s there is code', async (way) => {
  const chain = chainWith(4, 6)
  const { readBalances } = chain
  chain.readBalances = async (request) => {
    const absent = chain.isAbsent
    if (request.ask === way) chain.isAbsent = () => false
    const answer = await readBalances.call(chain, request)
    chain.isAbsent = absent
    return answer
  }
  rig = await makeRig(chain)
  await rig.audit()
  expect(await rig.reads.asset(coin)).toMatchObject({ isGone: false, accounting: 'events' })
})

test('code again: the token is accounted by reads, and its history before the end stays', async () => {
  const chain = chainWith(4, 6)
  rig = await makeRig(chain)
  await rig.audit()
  chain.isAbsent = (asset, block) => asset.reference === coin.reference && block >= 4 && block < 8
  // The redeployed contract starts without balances.
  chain.lie = ({ key, at, amount }) =>
    key.asset.reference === coin.reference && at.number >= 8 ? (key.account === bob ? 5n : 0n) : amount
  chain.supplyLie = (_, supply) => (supply === 100n ? 5n : supply)
  chain
    .add('7', '6')
    .add('8', '7', [move(undefined, bob, 5n)])
    .show('8')
  expect(await rig.audit()).toMatchObject({ audit_different: 0, audit_turned: 0 })
  expect(await rig.reads.asset(coin)).toMatchObject({ isGone: false, accounting: 'reads', eventsUntil: 4 })
  expect(await seen(rig, chain)).toEqual({ alice: [2, 'a 0', 'b 7'], bob: [1, 'a 5'], holders: [1, 5n] })
  expect(await seen(rig, chain, 3)).toMatchObject({ alice: ALIVE.alice, bob: ALIVE.bob })
  expect(await seen(rig, chain, 7)).toMatchObject({ alice: GONE.alice, bob: GONE.bob })
  // The contract is destroyed a second time.
  chain.isAbsent = (asset, block) => asset.reference === coin.reference && block >= 4 && block !== 8
  chain.add('9', '8').show('9')
  await rig.audit()
  expect(await seen(rig, chain)).toEqual(GONE)
  expect(await rig.reads.asset(coin)).toMatchObject({ isGone: true, eventsUntil: 4 })
})

test('code again without any event is detected at the next head', async () => {
  const chain = chainWith(4, 6)
  rig = await makeRig(chain)
  await rig.audit()
  chain.isAbsent = (asset, block) => asset.reference === coin.reference && block >= 4 && block < 7
  chain.lie = ({ key, amount }) => (key.asset.reference === coin.reference ? 0n : amount)
  chain.add('7', '6').show('7')
  await rig.audit()
  expect(await seen(rig, chain)).toEqual({ alice: [2, 'a 0', 'b 7'], bob: [1, 'a 0'], holders: [0] })
})

test('an end on a lost branch: accounting by reads until the audit checks again, and then by events as before', async () => {
  const chain = chainWith(4, 6)
  rig = await makeRig(chain)
  await rig.audit()
  expect(await seen(rig, chain)).toEqual(GONE)
  chain.isAbsent = () => false
  chain.add('4b', '3').add('5b', '4b').add('6b', '5b').add('7b', '6b').show('7b')
  await rig.settle()
  await rig.settle()
  expect(await rig.reads.asset(coin)).toMatchObject({ isGone: false, accounting: 'reads', eventsUntil: 4 })
  expect(await seen(rig, chain)).toEqual(ALIVE)
  await rig.audit()
  expect(await rig.reads.asset(coin)).toMatchObject({ isGone: false, accounting: 'events', eventsUntil: undefined })
  expect(await seen(rig, chain)).toEqual(ALIVE)
})

test('an end that is later on the other branch is detected there', async () => {
  const chain = chainWith(4, 6)
  rig = await makeRig(chain)
  await rig.audit()
  chain.isAbsent = (asset, block) => asset.reference === coin.reference && block >= 6
  chain.add('4b', '3').add('5b', '4b').add('6b', '5b').add('7b', '6b').show('7b')
  await rig.settle()
  await rig.settle()
  expect(await seen(rig, chain)).toMatchObject({ alice: [2, 'a ?', 'b 7'], holders: [0] })
  await rig.audit()
  expect(await seen(rig, chain)).toEqual(GONE)
  expect(await rig.reads.asset(coin)).toMatchObject({ isGone: true, eventsUntil: 6 })
})

test('an end below the common ancestor of a reorg stays', async () => {
  const chain = chainWith(4, 6)
  rig = await makeRig(chain)
  await rig.audit()
  chain.add('6b', '5').add('7b', '6b').show('7b')
  await rig.settle()
  await rig.settle()
  expect(await seen(rig, chain)).toEqual(GONE)
})

test('an end that a caller’s read detects at an unchanged head is stored like one that the audit detects', async () => {
  const chain = chainWith(7, 6)
  rig = await makeRig(chain)
  const { auditor, reads } = rig
  await rig.audit()
  expect(auditor.isDue).toBe(false)
  const met: unknown[] = []
  const node = new NodeReader({
    adapter: chain,
    observations: reads.observations,
    signal: new AbortController().signal,
    onAbsent: (key, block) => {
      met.push([key, block])
      auditor.compare([key])
    },
  })
  const balances = new ChainBalances({ reads, node, now: () => 1_000_000 })
  const key = { account: alice, asset: coin, item: '' }
  await balances.get([key], { mode: 'force' })
  expect(met).toEqual([])
  chain.isAbsent = (asset, block) => asset.reference === coin.reference && block >= 6
  await balances.get([key], { mode: 'force' })
  expect(met).toMatchObject([[key, { number: 6 }]])
  expect(await rig.reads.asset(coin)).toMatchObject({ isGone: false })
  expect(auditor.isDue).toBe(true)
  await rig.audit()
  await nextTick()
  expect(await rig.reads.asset(coin)).toMatchObject({ isGone: true, accounting: 'reads', eventsUntil: 6 })
  expect(await seen(rig, chain)).toEqual(GONE)
})

test('a token that only a lost branch had was not destroyed, and keeps its events once it is deployed again', async () => {
  const minted = { ...move(undefined, bob, 9n), asset: second }
  const chain = new StatefulChain()
    .add('0', undefined)
    .add('1', '0', [move(undefined, alice, 100n)])
    .add('2', '1', [minted])
    .add('2b', '1')
    .add('3b', '2b')
    .add('4b', '3b', [minted])
    .show('2')
  rig = await makeRig(chain)
  await rig.settle()
  // The audit still has the balance of the lost branch to compare.
  chain.isAbsent = (asset, block) => asset.reference === second.reference && block < 4
  chain.show('3b')
  await rig.audit()
  expect(await rig.reads.asset(second)).toMatchObject({ isGone: false, endedAt: undefined })
  chain.show('4b')
  await rig.audit()
  expect(await rig.reads.asset(second)).toMatchObject({ isGone: false, endedAt: undefined, accounting: 'events' })
  expect((await seen(rig, chain)).bob).toEqual([1, 'b 9'])
})
