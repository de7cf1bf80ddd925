import { setImmediate as nextTick } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { coinWorld, COIN_LIST as LIST } from '../../test/balances/coin-world.ts'
import { ALICE, at, BOB, CAROL, GOLD, NOW, next, of, poll, SILVER, STORED, world } from '../../test/balances/world.ts'
import { hash } from '../../test/chains/mock-chain.ts'
import { EVM_NATIVE } from '../chains/evm/native-asset.ts'
import { parseChainId } from '../core/chain.ts'
import { createBalances } from './create-balances.ts'

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

test('what whole blocks reveal after the coins were read does not make the list complete', async () => {
  const it = await coinWorld()
  const { balances, coins, journal, chain } = it
  coins.isCut = true
  coins.has(BOB, [GOLD, 30n, 3])
  const coinsOf = async () => (await balances.coins({ account: BOB, of: 'tokens' })).asOf
  const [through, blocks] = [chain.canonical().at(-1), chain.canonical()]
  const history = { accounts: [BOB], first: 0, through, blocks, leads: 0 }
  await journal.followed.follow({ ...history, asked: { through: 4, cut: [BOB] } })
  await poll(it)
  expect(await coinsOf()).toMatchObject({ block: { number: 4 }, complete: false })
  await journal.followed.follow({ ...history, first: 3, blocks: [], isWhole: true })
  await poll(it)
  // The coins of this block are still those that were found before.
  expect([await coinsOf(), coins.asked.length]).toMatchObject([{ complete: false }, 1])
  await next(it, 5, { indexed: false })
  await poll(it)
  expect(await coinsOf()).toMatchObject({ block: { number: 5 }, complete: false })
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

  test('are read again if the journal has another amount at their block', async () => {
    const { balances, coins } = await coinWorld()
    const amounts = async () =>
      (await balances.coins({ account: ALICE, of: 'tokens' })).coins.map(({ amount }) => amount)
    coins.has(ALICE, [GOLD, 70n, 3], [SILVER, 7n, 2])
    coins.stale.push([[GOLD, 100n, 1]])
    expect(await amounts()).toEqual([70n, 7n])
    expect(coins.asked).toHaveLength(2)
  })

  test('are answered if they differ from the journal twice: a node may know of coins first', async () => {
    const { balances, coins } = await coinWorld()
    coins.has(ALICE, [GOLD, 70n, 3], [SILVER, 7n, 2], [SILVER, 1n, 4])
    expect((await balances.coins({ account: ALICE, of: 'tokens' })).coins).toHaveLength(3)
    expect(coins.asked).toHaveLength(2)
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
  await expect(async () => balances.account({ ...LIST, account: BOB, asOf: 2 })).rejects.toMatchObject({
    code: 'UNAVAILABLE',
  })
})
