import { expect, test } from 'vitest'
import type { AssetRef } from '../core/asset.ts'
import { type ChainId, parseChainId } from '../core/chain.ts'
import { type Prices, PricesInOrder, StaticPrices } from './prices.ts'
import type { Price } from './tokens.ts'

const chain = parseChainId('eip155:1') as ChainId
const coin: AssetRef = { standard: 'erc20', reference: `0x${'a'.repeat(40)}` }
const other: AssetRef = { standard: 'erc20', reference: `0x${'b'.repeat(40)}` }
const fixed = new StaticPrices(
  [
    [
      { chain, asset: coin },
      { units: 15n, places: 1, text: '1.5' },
    ],
  ],
  900,
)
const STATIC: Price = { units: 15n, places: 1, text: '1.5', source: 'static', updatedAt: 900 }
const MARKET: Price = { units: 2n, places: 0, text: '2', source: 'http', updatedAt: 50 }

test('a static price holds at every time', async () => {
  expect(fixed.find(chain, coin)).toEqual(STATIC)
  expect(await fixed.at(chain, { asset: coin })).toEqual(STATIC)
  expect(fixed.find(chain, other)).toBeUndefined()
  expect(await fixed.at(chain, { asset: other })).toBeUndefined()
})

test('the first source with a price answers, and the others are not asked', async () => {
  const asked: string[] = []
  const market: Prices = {
    find: (_, asset) => {
      asked.push(asset.reference.slice(0, 3))
      return MARKET
    },
    at: async () => MARKET,
  }
  const prices = new PricesInOrder([fixed, market])
  expect(prices.find(chain, coin)).toEqual(STATIC)
  expect(await prices.at(chain, { asset: coin, time: 60 })).toEqual(STATIC)
  expect(prices.find(chain, other)).toEqual(MARKET)
  expect(await prices.at(chain, { asset: other, time: 60 })).toEqual(MARKET)
  expect(asked).toEqual(['0xb'])
  const none = new PricesInOrder([fixed])
  expect([none.find(chain, other), await none.at(chain, { asset: other, time: 1 })]).toEqual([undefined, undefined])
})
