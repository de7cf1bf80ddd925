import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { PRICE_HORIZON_SECONDS } from '../../src/store/seam/prices.ts'
import type { Records } from '../../src/store/seam/records.ts'
import { ENGINES, type StorePlace } from './engines.ts'

const COIN = `eip155:1/erc20:0x${'a'.repeat(40)}`
const OTHER = 'eip155:1/slip44:60'
const NOW = 1_700_000_000

let place: StorePlace
let store: Records

function put(asset: string, ...prices: readonly (readonly [at: number, price: string])[]): Promise<void> {
  return store.prices.put(
    prices.map(([at, price]) => ({ asset, at, price })),
    NOW,
  )
}

/** All rows as stored. */
async function rows(): Promise<unknown[]> {
  const pattern = /^price_history asset="(.*)" at=(\d+) price="(.*)"$/
  return (await store.dump()).map((line) => pattern.exec(line)?.slice(1) ?? line)
}

describe.each(ENGINES)('$name', ({ makePlace }) => {
  beforeEach(async () => {
    place = await makePlace()
    store = await place.open()
  })
  afterEach(() => place.end())

  test('the price at a time is the newest one at or before it, with its digits, and survives a restart', async () => {
    await put(COIN, [NOW - 1_200, '0.1234567890123456789'], [NOW - 600, '12345678901234567890.50'])
    await put(OTHER, [NOW - 900, '3000'])
    await store.close()
    store = await place.open()
    const [first, second] = [
      { at: NOW - 1_200, price: '0.1234567890123456789' },
      { at: NOW - 600, price: '12345678901234567890.50' },
    ]
    expect(await store.prices.at(COIN, NOW - 1_201)).toBeUndefined()
    expect(await store.prices.at(COIN, NOW - 1_200)).toEqual(first)
    expect(await store.prices.at(COIN, NOW - 601)).toEqual(first)
    expect(await store.prices.at(COIN, NOW)).toEqual(second)
    expect(await store.prices.latest(10)).toEqual([
      { asset: COIN, ...second },
      { asset: OTHER, at: NOW - 900, price: '3000' },
    ])
    expect(await store.prices.latest(1)).toEqual([{ asset: COIN, ...second }])
  })

  test('an asset has one price in ten minutes at most, on both sides of a stored one', async () => {
    await put(COIN, [NOW, '1'], [NOW + 599, '2'], [NOW - 599, '3'], [NOW + 600, '4'], [NOW - 600, '5'])
    await put(COIN, [NOW, '6'])
    await put(OTHER, [NOW + 1, '7'])
    expect(await rows()).toEqual([
      [COIN, `${NOW - 600}`, '5'],
      [COIN, `${NOW}`, '1'],
      [COIN, `${NOW + 600}`, '4'],
      [OTHER, `${NOW + 1}`, '7'],
    ])
  })

  test('prices beyond the horizon are deleted in steps, also those of assets that get no new ones', async () => {
    const old = NOW - PRICE_HORIZON_SECONDS - 600 * 600
    const many = Array.from({ length: 700 }, (_, index) => [old + index * 600, '1'] as const)
    const names = Array.from({ length: 30 }, (_, index) => `eip155:1/erc20:0x${index.toString().padStart(40, '0')}`)
    for (const asset of names) {
      await store.prices.put(
        many.map(([at, price]) => ({ asset, at, price })),
        0,
      )
    }
    expect(await rows()).toHaveLength(30 * 700)
    await store.prices.put([], NOW)
    expect((await rows()).length).toBeGreaterThan(30 * 700 - 20 * 500 - 1)
    for (let step = 0; step < 5; step += 1) await store.prices.put([], NOW)
    const kept = many.filter(([at]) => at >= NOW - PRICE_HORIZON_SECONDS)
    expect(await rows()).toEqual(names.flatMap((asset) => kept.map(([at, price]) => [asset, `${at}`, price])))
  })
})
