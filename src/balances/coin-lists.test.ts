import { setImmediate as nextTick } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import {
  ALICE,
  at,
  BOB,
  CAROL,
  GOLD,
  NOW,
  of,
  SILVER,
  STORED,
  type TableChain,
  type World,
  world,
} from '../../test/balances/world.ts'
import { hash } from '../../test/chains/mock-chain.ts'
import type { AccountReader, HeldCoin } from '../chains/account-reader.ts'
import { EVM_NATIVE } from '../chains/evm/native-asset.ts'
import { parseChainId } from '../core/chain.ts'
import { ServiceError } from '../core/errors.ts'
import { createBalances } from './create-balances.ts'

/** What an account holds according to the node, and how often it was asked. */
class Coins implements AccountReader {
  readonly held = new Map<string, HeldCoin[]>()
  readonly asked: string[] = []
  isCut = false
  #chain: TableChain | undefined

  readonly on = (chain: TableChain): AccountReader => {
    this.#chain = chain
    return this
  }

  async readCoins(account: string, of: 'tokens' | 'native') {
    this.asked.push(`${of}/${account}`)
    await nextTick()
    this.#chain?.fault('readCoins')
    const block = this.#chain?.canonical().at(-1)
    if (block === undefined) throw new ServiceError('NODE_BEHIND', 'no block')
    const all = this.held.get(account) ?? []
    const coins = all.filter(({ asset }) => (asset.standard === 'native') === (of === 'native'))
    return { block: { number: block.number, hash: block.hash }, observedAt: NOW, coins, isCut: this.isCut }
  }

  async leads(): Promise<number> {
    return 0
  }

  has(account: string, ...coins: readonly (readonly [HeldCoin['asset'], bigint, number])[]): void {
    this.held.set(
      account,
      coins.map(([asset, amount, confirmed]) => ({ asset, amount, confirmed, timestamp: confirmed * 12 })),
    )
  }
}

/** Alice is followed; Bob has two coins of silver, one of gold and one of the native asset. */
async function coinWorld(options: Parameters<typeof world>[0] = {}): Promise<World & { coins: Coins }> {
  const coins = new Coins()
  coins.has(BOB, [SILVER, 5n, 2], [GOLD, 30n, 3], [SILVER, 2n, 1], [EVM_NATIVE, 9n, 4])
  const coverage = { scope: { type: 'accounts', accounts: [ALICE] }, from: 0 } as const
  return { ...(await world({ coverage, accounts: coins.on, ...options })), coins }
}

const LIST = { standards: ['erc20'], receivedOnly: false, freshness: STORED, offset: 0, limit: 10 } as const
const READ = { block: at(4), finality: 'latest', source: 'reads', knownAt: NOW } as const
const whole = { ...READ, uniform: true, complete: true }

test('an account that is not followed is answered from its coins at once, and is requested to be followed', async () => {
  const { balances, coins, requested } = await coinWorld()
  const rows = [
    { asset: SILVER, balance: { known: true, amount: 7n, ...READ } },
    { asset: GOLD, balance: { known: true, amount: 30n, ...READ } },
  ]
  expect(await balances.account({ ...LIST, account: BOB })).toEqual({ rows, count: 2, asOf: whole })
  expect([requested, coins.asked]).toEqual([[BOB], [`tokens/${BOB}`]])
  const page = { ...LIST, account: BOB, offset: 1, limit: 1 }
  expect(await balances.account(page)).toEqual({ rows: rows.slice(1), count: 2, asOf: whole })
  const named = { ...LIST, account: BOB, assets: [GOLD] }
  expect(await balances.account(named)).toEqual({ rows: rows.slice(1), count: 1, asOf: whole })
  expect(await balances.account({ ...LIST, account: CAROL })).toEqual({ rows: [], count: 0, asOf: whole })
})

test('a followed account is answered from the journal, and no node is asked', async () => {
  const { balances, coins, requested, journal, chain } = await coinWorld()
  expect(await balances.account({ ...LIST, account: ALICE })).toMatchObject({
    rows: [
      { asset: GOLD, balance: { amount: 70n, source: 'events' } },
      { asset: SILVER, balance: { amount: 7n } },
    ],
    asOf: { complete: true },
  })
  const through = chain.canonical().at(-1)
  const history = { accounts: [BOB], first: 0, through, blocks: chain.canonical(), leads: 0 }
  await journal.followed.follow(history)
  await nextTick()
  expect(await balances.account({ ...LIST, account: BOB })).toMatchObject({
    rows: [{ asset: GOLD, balance: { amount: 30n, source: 'events' } }],
  })
  expect([coins.asked, requested]).toEqual([[], []])
})

test('a list that nodes cut says so, also once the account is followed, until whole blocks were read', async () => {
  const { balances, coins, journal, chain } = await coinWorld()
  coins.isCut = true
  coins.has(BOB, [GOLD, 30n, 3])
  const complete = async () => (await balances.account({ ...LIST, account: BOB })).asOf?.complete
  const coinsComplete = async () => (await balances.coins({ account: BOB, of: 'tokens' })).asOf.complete
  expect([await complete(), await coinsComplete()]).toEqual([false, false])
  expect((await balances.coins({ account: BOB, of: 'native' })).asOf.complete).toBe(true)
  const [through, blocks] = [chain.canonical().at(-1), chain.canonical()]
  await journal.followed.follow({
    accounts: [BOB],
    first: 0,
    through,
    blocks,
    leads: 0,
    asked: { through: 4, cut: [BOB] },
  })
  await nextTick()
  expect([await complete(), await coinsComplete()]).toEqual([false, false])
  await journal.followed.follow({ accounts: [BOB], first: 3, through, blocks: [], leads: 0, isWhole: true })
  await nextTick()
  expect([await complete(), await coinsComplete()]).toEqual([true, true])
})

describe('the coins of an account', () => {
  test('are those of its tokens or of the native asset, each with the block that created it', async () => {
    const { balances, requested } = await coinWorld()
    const silver = { asset: SILVER, amount: 5n, confirmed: 2, timestamp: 24 }
    const { coins, asOf } = await balances.coins({ account: BOB, of: 'tokens' })
    expect([coins.length, coins[0], asOf]).toEqual([3, silver, whole])
    const native = { asset: EVM_NATIVE, amount: 9n, confirmed: 4, timestamp: 48 }
    expect(await balances.coins({ account: BOB, of: 'native' })).toEqual({ coins: [native], asOf: whole })
    expect(requested).toEqual([BOB, BOB])
  })

  test('cannot be read on a chain whose balances are no sums of coins', async () => {
    const { balances, reads } = await world()
    const chain = parseChainId('eip155:1')
    if (chain === undefined) throw new Error('a chain id')
    const all = createBalances(new Map([[chain, { balances, reads }]]))
    await expect(all.coins({ chain, account: ALICE, of: 'tokens' })).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  })

  test('are read once for equal questions at the same time, and once for each block', async () => {
    const { balances, coins, chain, journal } = await coinWorld()
    const head = chain.canonical().at(-1)
    await journal.heartbeat({ state: 'live', head, caughtUpAt: 48, error: undefined, counts: {} })
    await nextTick()
    const ask = (
      freshness: typeof LIST.freshness | { mode: 'force' } | { mode: 'max_age'; seconds: number } = STORED,
    ) => balances.account({ ...LIST, account: BOB, freshness })
    await Promise.all([ask(), ask(), balances.coins({ account: BOB, of: 'tokens' })])
    await ask()
    expect(coins.asked).toHaveLength(1)
    await ask({ mode: 'max_age', seconds: 0 })
    expect(coins.asked).toHaveLength(1)
    await ask({ mode: 'force' })
    expect(coins.asked).toHaveLength(2)
    chain.add('5', '4').show('5')
    await journal.heartbeat({
      state: 'live',
      head: chain.canonical().at(-1),
      caughtUpAt: undefined,
      error: undefined,
      counts: {},
    })
    await nextTick()
    expect((await ask()).asOf?.block).toEqual({ number: 5, hash: hash('5') })
    expect(coins.asked).toHaveLength(3)
  })
})

describe('while no node answers', () => {
  const down = () => {
    throw new ServiceError('NODE_UNREACHABLE', 'down')
  }

  test('what was read before is answered, marked as incomplete; an account that was never read is an error', async () => {
    const first = await coinWorld()
    await first.balances.account({ ...LIST, account: BOB })
    first.coins.has(BOB, [GOLD, 30n, 3])
    first.chain.add('5', '4').show('5')
    await first.balances.account({ ...LIST, account: BOB, freshness: { mode: 'force' } })
    first.chain.fault = down
    // In memory of this process:
    expect(await first.balances.account({ ...LIST, account: BOB, freshness: { mode: 'force' } })).toMatchObject({
      rows: [{ asset: GOLD, balance: { amount: 30n, block: { number: 5 } } }],
      count: 1,
    })
    await expect(first.balances.coins({ account: CAROL, of: 'tokens' })).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await expect(first.balances.account({ ...LIST, account: CAROL })).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  })

  test('what is stored is answered after a restart', async () => {
    const { balances, chain, reads } = await coinWorld()
    const block = { number: 3, hash: hash('3') }
    const read = { account: BOB, item: '', block, observedAt: 40 }
    await reads.observations.put([
      { ...read, asset: GOLD, amount: 30n },
      { ...read, asset: SILVER, amount: 0n },
    ])
    chain.fault = down
    expect(await balances.account({ ...LIST, account: BOB })).toMatchObject({
      rows: [{ asset: GOLD, balance: { amount: 30n, block, knownAt: 40 } }],
      count: 1,
      asOf: { block, complete: false },
    })
  })
})

test('a token that the account no longer has is stored as 0', async () => {
  const { balances, coins, chain, reads } = await coinWorld()
  await balances.account({ ...LIST, account: BOB })
  coins.has(BOB, [GOLD, 1n, 4])
  chain.add('5', '4').show('5')
  await balances.account({ ...LIST, account: BOB, freshness: { mode: 'force' } })
  const stored = await reads.observations.get([of(BOB, GOLD), of(BOB, SILVER)])
  expect(stored).toMatchObject([
    { amount: 1n, block: { number: 5 } },
    { amount: 0n, block: { number: 5 } },
  ])
})

test('before the chain has caught up, and while it is in doubt, accounts are answered from their coins', async () => {
  const fresh = await coinWorld({ caughtUp: false })
  fresh.coins.has(ALICE, [SILVER, 7n, 2])
  expect(await fresh.balances.account({ ...LIST, account: ALICE })).toMatchObject({
    rows: [{ asset: SILVER, balance: { amount: 7n, source: 'reads' } }],
  })
  expect(fresh.requested).toEqual([])
  const unwritten = await coinWorld({ indexed: false })
  expect((await unwritten.balances.account({ ...LIST, account: BOB })).count).toBe(2)
  const doubted = await coinWorld()
  await doubted.journal.doubts.refute('all')
  await nextTick()
  doubted.coins.has(ALICE, [GOLD, 70n, 2])
  expect(await doubted.balances.account({ ...LIST, account: ALICE })).toMatchObject({
    count: 1,
    asOf: { source: 'reads' },
  })
})

test('a question about one balance follows the account too; the past of one that is not followed is not known', async () => {
  const { balances, requested, chain } = await coinWorld()
  chain.holds(BOB, GOLD, 30n)
  expect(await balances.get([of(ALICE, GOLD), of(BOB, GOLD)], STORED)).toMatchObject([{ amount: 70n }, { amount: 30n }])
  expect(requested).toEqual([BOB])
  await expect(balances.account({ ...LIST, account: BOB, asOf: 2 })).rejects.toMatchObject({ code: 'UNAVAILABLE' })
})
