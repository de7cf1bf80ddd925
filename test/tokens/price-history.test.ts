/** Prices of the past: as stored, and as the source has them. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { assetText } from '../../src/core/asset.ts'
import type { HttpPrices } from '../../src/tokens/http-prices.ts'
import { CHAIN } from '../indexer/harness.ts'
import { pricesOf } from './price-server.ts'
import { coin, PriceWorld, START, token } from './price-world.ts'

let world: PriceWorld
beforeEach(async () => {
  world = await PriceWorld.start()
})
afterEach(() => world.stop())

describe('the history', () => {
  /** Reads these prices, each at its time. */
  async function read(prices: HttpPrices, steps: readonly (readonly [number, string])[]): Promise<void> {
    for (const [at, text] of steps) {
      world.now = at
      world.server.become(pricesOf({ [coin(1)]: text }))
      prices.find(CHAIN, token(1))
      await prices.refresh()
    }
  }
  const short = (price: { readonly text: string; readonly updatedAt: number } | undefined) =>
    price === undefined ? undefined : [price.updatedAt - START, price.text]

  test('keeps one price in ten minutes, and the last one', async () => {
    const prices = world.makePrices()
    await read(prices, [
      [START, '1.10'],
      [START + 60, '2'],
      [START + 660, '3'],
      [START + 720, '4'],
    ])
    const stored = (after: number) => world.store.prices.at(assetText(CHAIN, token(1)), START + after)
    expect([await stored(659), await stored(900)]).toEqual([
      { at: START, price: '1.10' },
      { at: START + 660, price: '3' },
    ])
    expect(short(await prices.at(CHAIN, { asset: token(1), time: START + 659 }))).toEqual([0, '1.10'])
    expect(short(await prices.at(CHAIN, { asset: token(1), time: START + 719 }))).toEqual([660, '3'])
    expect(short(await prices.at(CHAIN, { asset: token(1), time: START + 10_000 }))).toEqual([720, '4'])
    const first = { units: 110n, places: 2, text: '1.10', source: 'http', updatedAt: START }
    expect(await prices.at(CHAIN, { asset: token(1), time: START + 30 })).toEqual(first)
    expect(short(await prices.at(CHAIN, { asset: token(1), time: START + 730 }))).toEqual([720, '4'])
    expect(world.server.paths.some((path) => path.includes('/historical/'))).toBe(false)
  })

  test('a restart keeps the last price, also if the source is down', async () => {
    await read(world.makePrices(), [[START, '12345678901234567890.5']])
    await world.reopenStore()
    await world.server.stop()
    const prices = world.makePrices()
    await prices.load()
    world.now = START + 86_400
    const last = { units: 123456789012345678905n, places: 1, text: '12345678901234567890.5', source: 'http' }
    expect(prices.find(CHAIN, token(1))).toEqual({ ...last, updatedAt: START })
    await prices.refresh()
    expect(prices.find(CHAIN, token(1))).toEqual({ ...last, updatedAt: START })
    expect(prices.state().error).toBeDefined()
    await world.restartServer(pricesOf({ [coin(1)]: '7' }))
    world.now += 60
    await prices.refresh()
    expect(short(prices.find(CHAIN, token(1)))).toEqual([86_460, '7'])
  })

  test('a time without a stored price near it is asked of the source, once for all assets and near times', async () => {
    const time = START - 900_000
    world.server.become(pricesOf({ [coin(1)]: '0.50', [coin(2)]: '9' }, time - 100))
    const prices = world.makePrices()
    const assets = [token(1), token(2), token(3)]
    const ask = (at: number) => Promise.all(assets.map((asset) => prices.at(CHAIN, { asset, time: at })))
    expect((await ask(time)).map(short)).toEqual([[-900_100, '0.50'], [-900_100, '9'], undefined])
    await ask(time + 1)
    expect(world.server.paths).toEqual([`/prices/historical/${time - (time % 600)}/${[1, 2, 3].map(coin).join(',')}`])
    expect(await world.store.prices.at(assetText(CHAIN, token(1)), time)).toEqual({ at: time - 100, price: '0.50' })
    await world.server.stop()
    expect((await ask(time)).map(short)).toEqual([[-900_100, '0.50'], [-900_100, '9'], undefined])
    expect(world.logged).toEqual([])
  })

  test('equal questions in flight are one', async () => {
    world.server.become(pricesOf({ [coin(1)]: '1' }, START - 90_000))
    const prices = world.makePrices()
    const answers = await Promise.all([1, 2, 3].map(() => prices.at(CHAIN, { asset: token(1), time: START - 90_000 })))
    expect([answers.map(short), world.server.paths.length]).toEqual([Array(3).fill([-90_000, '1']), 1])
  })

  test('a source that is slow delays an answer for some seconds only', async () => {
    const prices = world.makePrices()
    await read(prices, [[START, '1']])
    world.now = START + 900_000
    world.server.become(() => 'hang')
    expect(short(await prices.at(CHAIN, { asset: token(1), time: START + 450_000 }))).toEqual([0, '1'])
    expect(world.logged).toEqual(['warn prices of the past cannot be read UNAVAILABLE'])
    world.stopping.abort()
  }, 120_000)

  test('a price that is far from the time is not the price of that time', async () => {
    world.server.become(pricesOf({ [coin(1)]: '1' }, START - 90_000 - 6 * 3_600 - 1))
    expect(await world.makePrices().at(CHAIN, { asset: token(1), time: START - 90_000 })).toBeUndefined()
  })

  test('a source that fails leaves the last price before that time, and is not asked again for a minute', async () => {
    const prices = world.makePrices()
    await read(prices, [[START, '1']])
    world.now = START + 900_000
    world.server.become(() => ({ status: 404, text: '' }))
    const ask = async () => short(await prices.at(CHAIN, { asset: token(1), time: START + 450_000 }))
    expect([await ask(), await ask()]).toEqual([
      [0, '1'],
      [0, '1'],
    ])
    expect(await prices.at(CHAIN, { asset: token(2), time: START + 450_000 })).toBeUndefined()
    expect(world.server.paths.filter((path) => path.includes('/historical/'))).toHaveLength(1)
    expect(world.logged).toEqual(['warn prices of the past cannot be read NODE_HTTP'])
    world.now += 60
    world.server.become(pricesOf({ [coin(1)]: '5' }, START + 450_000))
    expect(await ask()).toEqual([450_000, '5'])
  })
})
