/** What is asked of a source of prices, and how its answers are read. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { EVM_NATIVE } from '../../src/chains/evm/native-asset.ts'
import type { AssetRef } from '../../src/core/asset.ts'
import { type ChainId, parseChainId } from '../../src/core/chain.ts'
import { CHAIN } from '../indexer/harness.ts'
import { pricesOf } from './price-server.ts'
import { coin, FORK, PriceWorld, START, token } from './price-world.ts'

const ZERO = `0x${'0'.repeat(40)}`

let world: PriceWorld
beforeEach(async () => {
  world = await PriceWorld.start()
})
afterEach(() => world.stop())

describe('requests', () => {
  test('an asset is asked for by the name of its chain, a native one by the zero address', async () => {
    world.server.become(pricesOf({ [coin(1)]: '1.0001', [`ethereum:${ZERO}`]: '3000' }, START - 7))
    const prices = world.makePrices({ url: `${world.server.url}/base/?key=SECRET` })
    for (const asset of [token(1), EVM_NATIVE]) expect(prices.find(CHAIN, asset)).toBeUndefined()
    await prices.refresh()
    expect(world.server.paths).toEqual([`/base/prices/current/${coin(1)},ethereum:${ZERO}?key=SECRET`])
    const facts = { source: 'http', updatedAt: START - 7 }
    expect(prices.find(CHAIN, token(1))).toEqual({ units: 10001n, places: 4, text: '1.0001', ...facts })
    expect(prices.find(CHAIN, EVM_NATIVE)).toEqual({ units: 3000n, places: 0, text: '3000', ...facts })
    expect(prices.state()).toEqual({
      source: `${world.server.url}/…`,
      updatedAt: START,
      error: undefined,
    })
  })

  test('assets that can have no price are never asked for', async () => {
    const prices = world.makePrices()
    const other = parseChainId('eip155:10') as ChainId
    expect(prices.find(other, token(1))).toBeUndefined()
    const odd: readonly AssetRef[] = [
      { standard: 'erc721', reference: token(1).reference },
      { standard: 'erc1155', reference: token(1).reference },
      { standard: 'erc20', reference: ZERO },
      { standard: 'ledger', reference: 'A,B/../C' },
    ]
    for (const asset of odd) expect(prices.find(CHAIN, asset)).toBeUndefined()
    await prices.refresh()
    expect(world.server.paths).toEqual([])
  })

  test('at most 100 coins in a request, one request at a time, new coins in one request a round', async () => {
    const all = Array.from({ length: 250 }, (_, index) => index + 1)
    world.server.become(pricesOf(Object.fromEntries(all.map((number) => [coin(number), `${number}.5`]))))
    const prices = world.makePrices()
    const known = () => all.filter((number) => prices.find(CHAIN, token(number))?.text === `${number}.5`).length
    const counts: number[] = [known()]
    for (let round = 0; round < 3; round += 1) {
      await prices.refresh()
      counts.push(known())
    }
    expect(counts).toEqual([0, 100, 200, 250])
    world.now += 60
    await Promise.all([prices.refresh(), prices.at(CHAIN, { asset: token(1), time: START - 90_000 })])
    expect(world.server.coins().map((coins) => coins.length)).toEqual(
      expect.arrayContaining([100, 100, 50, 100, 100, 50, 1]),
    )
    expect(world.server.coins()).toHaveLength(7)
    expect(world.server.mostOpen()).toBe(1)
  })

  test('two chains with one name in the source are one coin', async () => {
    world.server.become(pricesOf({ [coin(1)]: '2' }))
    const prices = world.makePrices()
    for (const chain of [CHAIN, FORK]) expect(prices.find(chain, token(1))).toBeUndefined()
    await prices.refresh()
    expect([CHAIN, FORK].map((chain) => prices.find(chain, token(1))?.text)).toEqual(['2', '2'])
    expect(world.server.coins()).toEqual([[coin(1)]])
  })

  test('a price is read again after the interval, and only if someone asked for it in the last hour', async () => {
    world.server.become(pricesOf({ [coin(1)]: '1' }))
    const prices = world.makePrices()
    await world.firstPrice(prices, token(1))
    world.server.become(pricesOf({ [coin(1)]: '2' }))
    world.now += 59
    await prices.refresh()
    expect([world.server.paths.length, prices.find(CHAIN, token(1))?.text]).toEqual([1, '1'])
    world.now += 1
    await prices.refresh()
    expect([world.server.paths.length, prices.find(CHAIN, token(1))?.text]).toEqual([2, '2'])
    world.now += 3_601
    await prices.refresh()
    expect(world.server.paths).toHaveLength(2)
    expect(prices.find(CHAIN, token(1))).toMatchObject({ text: '2', updatedAt: START + 60 })
    await prices.refresh()
    expect([world.server.paths.length, prices.find(CHAIN, token(1))?.updatedAt]).toEqual([3, world.now])
  })
})

describe('answers', () => {
  test.each([
    ['1e-9', '0.000000001', 1n, 9],
    ['0.1234567890123456789', '0.1234567890123456789', 1234567890123456789n, 19],
    ['12345678901234567890.5', '12345678901234567890.5', 123456789012345678905n, 1],
    ['1.50E+2', '150', 150n, 0],
  ])('%s keeps all its digits', async (json, text, units, places) => {
    world.server.become(pricesOf({ [coin(1)]: json }))
    expect(await world.firstPrice(world.makePrices(), token(1))).toEqual({
      text,
      units,
      places,
      source: 'http',
      updatedAt: START,
    })
  })

  test.each(['-1', '0', '-0', '0e9', '1e60', '9'.repeat(61), '"1.5"', 'null', 'true', '[1]', '{"usd":1}'])(
    'the price %s is unknown, never 0',
    async (json) => {
      world.server.become(pricesOf({ [coin(1)]: json, [coin(2)]: '2' }))
      const prices = world.makePrices()
      prices.find(CHAIN, token(2))
      expect(await world.firstPrice(prices, token(1))).toBeUndefined()
      expect([prices.find(CHAIN, token(2))?.text, world.logged]).toEqual(['2', []])
    },
  )

  test('times of the future are world.now, and invalid ones too', async () => {
    for (const timestamp of [START + 1, START * 1_000, -5, 0, 1.5]) {
      world.server.become(pricesOf({ [coin(1)]: '1' }, timestamp))
      expect((await world.firstPrice(world.makePrices(), token(1)))?.updatedAt).toBe(START)
    }
  })

  test('addresses in capitals are the same coins, and other coins are ignored', async () => {
    const mixed = `ethereum:0x${'aB'.repeat(20)}`
    world.server.become(() => ({
      text: `{"coins":{"${mixed}":{"price":2},"bsc:0x1":{"price":1},"__proto__":{"price":3}}}`,
    }))
    const asset: AssetRef = { standard: 'erc20', reference: `0x${'ab'.repeat(20)}` }
    expect((await world.firstPrice(world.makePrices(), asset))?.text).toBe('2')
  })

  test('an unknown coin is asked for again after growing pauses', async () => {
    const prices = world.makePrices()
    const asked: number[] = []
    for (; world.now < START + 7_200; world.now += 60) {
      const before = world.server.paths.length
      prices.find(CHAIN, token(1))
      await prices.refresh()
      if (world.server.paths.length > before) asked.push((world.now - START) / 60)
    }
    expect(asked).toEqual([0, 2, 6, 14, 30, 62])
  })

  test('a source that answers without the price makes it unknown', async () => {
    world.server.become(pricesOf({ [coin(1)]: '1' }))
    const prices = world.makePrices()
    await world.firstPrice(prices, token(1))
    world.server.become(pricesOf({}))
    world.now += 60
    await prices.refresh()
    expect(prices.find(CHAIN, token(1))).toBeUndefined()
  })
})

describe('running', () => {
  test('a new asset is priced soon, a source that comes back is used, and the signal ends it', async () => {
    world.server.become(pricesOf({ [coin(1)]: '1', [coin(2)]: '2' }))
    const prices = world.makePrices()
    const running = prices.run()
    for (const number of [1, 2]) {
      await vi.waitFor(() => expect(prices.find(CHAIN, token(number))?.text).toBe(String(number)), { timeout: 60_000 })
    }
    world.server.become(() => 'hang')
    prices.find(CHAIN, token(3))
    await vi.waitFor(() => expect(world.server.coins().at(-1)).toEqual([coin(3)]), { timeout: 60_000 })
    world.stopping.abort()
    await running
    expect(world.logged).toEqual([])
  })
})
