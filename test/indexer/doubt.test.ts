import { setImmediate as nextTick } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { ChainBalances } from '../../src/balances/chain-balances.ts'
import { NodeReader } from '../../src/balances/node-reader.ts'
import { assetKey } from '../../src/core/asset.ts'
import type { Balance, BalanceKey } from '../../src/core/balance.ts'
import { ServiceError } from '../../src/core/errors.ts'
import { StatefulChain } from '../chains/stateful-chain.ts'
import { ACCOUNTS, ASSETS, type Movement } from '../store/chains.ts'
import { makeRig, type Rig, undisturbed } from './harness.ts'

const [coin, second, deed] = ASSETS
const [alice = '', bob = '', carol = '', dave = ''] = ACCOUNTS
const LAST = 60
/** The finalized block. Later blocks are followed one by one; earlier ones are fetched in ranges. */
const FINAL = 150
const KEYS: readonly BalanceKey[] = ACCOUNTS.flatMap((account) =>
  [coin, second, deed].map((asset) => ({ account, asset, item: '' })),
)
const signal = new AbortController().signal

/** Mints of three tokens, then payments among five accounts, a few in each block. The last blocks are not final. */
function busyChain(): StatefulChain {
  const chain = new StatefulChain().add('0', undefined)
  const account = (place: number): string => ACCOUNTS[place % ACCOUNTS.length] ?? ''
  for (let number = 1; number <= FINAL + LAST; number++) {
    // Amounts for which no five consecutive payments cancel out.
    const paid = BigInt(1 + (number % 3))
    const movements: Movement[] = [
      { asset: coin, from: undefined, to: account(number), amount: 10n, item: 0 },
      { asset: second, from: undefined, to: account(number * 2), amount: 3n, item: 0 },
      { asset: deed, from: undefined, to: account(number * 3), amount: 1n, item: number },
    ]
    if (number > 6) {
      movements.push({ asset: coin, from: account(number + 1), to: account(number + 3), amount: paid, item: 0 })
      movements.push({ asset: second, from: account(number * 2 + 1), to: account(number + 2), amount: paid, item: 0 })
    }
    chain.add(`${number}`, `${number - 1}`, movements)
  }
  return chain.show(`${FINAL + LAST}`, FINAL)
}

/**
 * The read side over the store of the rig and the chain's node. The chain is marked as caught up: before that, the node
 * answers for all balances, and no answer could be untrue.
 */
async function balancesOf(rig: Rig, chain: StatefulChain): Promise<ChainBalances> {
  await rig.journal.heartbeat({ state: 'live', head: undefined, caughtUpAt: 1, error: undefined, counts: {} })
  await nextTick()
  const node = new NodeReader({ adapter: chain, observations: rig.reads.observations, signal })
  return new ChainBalances({ reads: rig.reads, node, now: () => 1_000_000 })
}

/**
 * Returns the answers that differ from the chain's amount at the block that they name, now and as of two earlier
 * blocks.
 */
async function untrue(rig: Rig, chain: StatefulChain): Promise<string[]> {
  const balances = await balancesOf(rig, chain)
  const looks = [
    await balances.get(KEYS, { mode: 'stored' }),
    await balances.getAsOf(KEYS, 40),
    await balances.getAsOf(KEYS, FINAL + 5),
  ]
  return looks.flatMap((answers) => answers.flatMap((answer, index) => untrueOf(answer, KEYS[index], chain)))
}

function untrueOf(answer: Balance, key: BalanceKey | undefined, chain: StatefulChain): string[] {
  if (!answer.known || key === undefined || answer.amount === chain.balanceOf(key, answer.block)) return []
  return [`${assetKey(key.asset)} of ${key.account} at ${answer.block.number}: ${answer.amount} from ${answer.source}`]
}

async function sources(rig: Rig, chain: StatefulChain): Promise<Set<string>> {
  const answers = await (await balancesOf(rig, chain)).get(KEYS, { mode: 'stored' })
  return new Set(answers.map((answer) => (answer.known ? answer.source : 'unknown')))
}

let rig: Rig | undefined
afterEach(async () => {
  await rig?.close()
  rig = undefined
})

let asked = 0
/** Which logs a node leaves out. */
const LIES: Readonly<Record<string, StatefulChain['omits']>> = {
  'one token': ({ transfer }) => assetKey(transfer.asset) === assetKey(second),
  'one token in ranges': ({ transfer, way }) => way === 'range' && assetKey(transfer.asset) === assetKey(coin),
  'one account': ({ transfer }) => transfer.to === carol || transfer.from === carol,
  'the logs to one account': ({ transfer }) => transfer.to === dave,
  'every third log of a block': ({ transfer }) => transfer.event % 3 === 1,
  'every third log that is requested': () => ++asked % 3 === 0,
  'logs of old blocks': ({ block, transfer }) => block < 50 && transfer.event === 3,
  'logs from some block on': ({ block, transfer }) => block > 124 && transfer.event > 2,
  'all logs of every seventh block, by hash only': ({ block, way }) => way === 'hash' && block % 7 === 0,
  'all payments': ({ transfer }) => transfer.from !== undefined,
  'all mints in ranges': ({ transfer, way }) => way === 'range' && transfer.from === undefined,
}

describe('a node that leaves out', () => {
  test.each(Object.entries(LIES))(
    '%s: no answer is untrue, and at an unchanged head all is repaired',
    async (_, omits) => {
      const chain = busyChain()
      chain.omits = omits
      rig = await makeRig(chain)
      await rig.settle()
      await rig.round()
      expect(await untrue(rig, chain)).toEqual([])
      for (let round = 0; round < 60; round++) {
        // The audit also compares the balances that callers had to read.
        await rig.settle()
        if (!rig.auditor.isDue) break
        await rig.round()
        expect(await untrue(rig, chain)).toEqual([])
      }
      expect(await sources(rig, chain)).toEqual(new Set(['events']))
      expect(await rig.dump()).toEqual(await undisturbed(busyChain()))
      expect(chain.distrusted.length).toBeGreaterThan(0)
      expect((await rig.reads.clock()).doubts).toMatchObject({ pairs: 0, tokens: 0, chain: false })
    },
    180_000,
  )

  test.each(Object.entries(LIES))(
    '%s, and keeps no receipts: no answer is untrue',
    async (_, omits) => {
      const chain = busyChain()
      chain.omits = omits
      chain.hasReceipts = false
      rig = await makeRig(chain)
      await rig.settle()
      for (let round = 0; round < 25; round++) {
        await rig.round()
        // The contract of an item reports no supply, so only a log or a receipt could show a mint to an account.
        expect((await untrue(rig, chain)).filter((line) => !line.startsWith('erc721'))).toEqual([])
        await rig.settle()
      }
      expect((await rig.reads.audits.findings(999)).length).toBeGreaterThan(0)
    },
    180_000,
  )
})

test('missing logs of one token put it in doubt, and of a second token the chain, until all logs were fetched again', async () => {
  const chain = busyChain()
  rig = await makeRig(chain)
  await rig.audit()
  const [block] = chain.canonical().filter(({ number }) => number === 30)
  if (block === undefined) throw new TypeError('block 30 exists')
  const without = async (log: number) => {
    await rig?.journal.repair([{ ...block, transfers: block.transfers.filter(({ event }) => event > log) }])
    await nextTick()
  }
  const doubts = async () =>
    Promise.all([coin, second, deed].map(async (one) => (await rig?.reads.asset(one))?.inDoubt))
  await without(0)
  expect([await doubts(), (await rig.reads.clock()).inDoubt]).toEqual([[true, false, false], false])
  expect(await sources(rig, chain)).toEqual(new Set(['events', 'reads']))
  await without(1)
  expect([await doubts(), (await rig.reads.clock()).inDoubt]).toEqual([[true, true, false], true])
  expect(await sources(rig, chain)).toEqual(new Set(['reads']))
  expect(await untrue(rig, chain)).toEqual([])
  await rig.round()
  await rig.audit()
  expect([await doubts(), (await rig.reads.clock()).inDoubt]).toEqual([[false, false, false], false])
  expect(await sources(rig, chain)).toEqual(new Set(['events']))
  expect(await rig.dump()).toEqual(await undisturbed(chain))
})

test('tokens without complete logs put only themselves in doubt, however many they are, and are then read', async () => {
  const chain = busyChain()
  const head = FINAL + LAST
  const silent = [coin, second].map((asset) => ({ asset, from: undefined, to: alice, amount: 5n, item: 0 }))
  chain.silently(`${head}`, silent)
  rig = await makeRig(chain)
  await rig.settle()
  for (let round = 0; round < 5; round++) {
    await rig.round()
    expect((await rig.reads.clock()).doubts).toMatchObject({ chain: false, refetching: undefined })
    expect(await untrue(rig, chain)).toEqual([])
  }
  expect((await rig.reads.audits.classes()).reclassified).toBe(2)
  expect((await rig.reads.clock()).doubts).toMatchObject({ pairs: 0, tokens: 0 })
})

test('after a restart in the middle of the refetch, it continues, and the adapter gets the stored proofs', async () => {
  const chain = busyChain()
  chain.omits = ({ transfer, way }) => way === 'range' && transfer.event === 1
  rig = await makeRig(chain)
  await rig.settle()
  let receipts = 0
  chain.fault = (call) => {
    if (call === 'transfersOf' && ++receipts > 20) throw new ServiceError('NODE_UNREACHABLE', 'gone')
  }
  for (let round = 0; round < 4; round++) await rig.round().catch(() => undefined)
  await nextTick()
  expect((await rig.reads.clock()).doubts.refetching).toBeDefined()
  const place = await rig.stop()
  rig = undefined
  chain.fault = () => undefined
  chain.distrusted.length = 0
  rig = await makeRig(chain, undefined, { place })
  expect(await untrue(rig, chain)).toEqual([])
  await rig.settle()
  await rig.round()
  expect(chain.distrusted.length).toBeGreaterThan(0)
  expect(await untrue(rig, chain)).toEqual([])
  await rig.audit()
  expect(await sources(rig, chain)).toEqual(new Set(['events']))
  expect(await rig.dump()).toEqual(await undisturbed(busyChain()))
})

test('a reorg during the refetch: no answer is untrue, and the replaced blocks are fetched too', async () => {
  const head = FINAL + LAST
  const chain = busyChain()
  const pay = (amount: bigint): Movement => ({ asset: coin, from: alice, to: bob, amount, item: 0 })
  chain.add(`${head - 1}b`, `${head - 2}`, [pay(2n), pay(3n)]).add(`${head}b`, `${head - 1}b`, [pay(4n)])
  chain.add(`${head + 1}b`, `${head}b`, [pay(5n), pay(6n)])
  // After a proof the adapter uses other requests.
  chain.omits = ({ transfer }) => chain.distrusted.length === 0 && transfer.event === 1
  rig = await makeRig(chain)
  await rig.settle()
  await rig.round()
  expect(await untrue(rig, chain)).toEqual([])
  chain.show(`${head + 1}b`, FINAL)
  await rig.settle()
  expect(await untrue(rig, chain)).toEqual([])
  await rig.audit()
  expect(await untrue(rig, chain)).toEqual([])
  expect(await sources(rig, chain)).toEqual(new Set(['events']))
  expect(await rig.dump()).toEqual(await undisturbed(chain))
})
