/** The prices of a list: many questions of one request, to a source on a real socket. */
import { performance } from 'node:perf_hooks'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { assetText } from '../../src/core/asset.ts'
import { pricesOver } from '../../src/tokens/prices-over.ts'
import { CHAIN } from '../indexer/harness.ts'
import { countTicks } from './count-ticks.ts'
import { type PriceAnswer, pricesOf } from './price-server.ts'
import { coin, PriceWorld, START, token } from './price-world.ts'

const DAY = 86_400

let world: PriceWorld
beforeEach(async () => {
  world = await PriceWorld.start()
})
afterEach(() => world.stop())

/** A source that has a price at the time of each question. */
const always =
  (text: string): PriceAnswer =>
  (path) =>
    pricesOf(Object.fromEntries([1, 2, 3].map((number) => [coin(number), text])), Number(path.split('/').at(-2)))(path)
const timesOf = (): number[] => world.server.paths.map((path) => Number(path.split('/').at(-2)))
const over = (questions: Parameters<typeof pricesOver>[2]['questions'], prices = world.makePrices()) =>
  pricesOver(prices, CHAIN, { questions })
const textsOf = async (...of: Parameters<typeof over>) => (await over(...of)).map((price) => price?.text)

test('all assets of a time are one request, the newest time first, and one write to the store', async () => {
  world.server.become(always('2.50'))
  let writes = 0
  const put = world.store.prices.put.bind(world.store.prices)
  world.store.prices.put = (...rows) => {
    writes += 1
    return put(...rows)
  }
  const times = [START - 3 * DAY, START - DAY, START - 2 * DAY]
  const questions = times.flatMap((time) => [1, 2, 9].map((number) => ({ asset: token(number), time })))
  expect(await textsOf(questions)).toEqual(times.flatMap(() => ['2.50', '2.50', undefined]))
  expect(timesOf()).toEqual([1, 2, 3].map((days) => START - days * DAY - ((START - days * DAY) % 600)))
  expect(world.server.coins()).toEqual(times.map(() => [1, 2, 9].map(coin)))
  expect(writes).toBe(3)
  expect(await world.store.prices.at(assetText(CHAIN, token(2)), START)).toMatchObject({ price: '2.50' })
})

test('where the source has no price, an older stored one is not shown, as in a single question', async () => {
  await world.store.prices.put([{ asset: assetText(CHAIN, token(1)), at: START - 3 * DAY, price: '7' }], START)
  const prices = world.makePrices()
  const question = { asset: token(1), time: START - DAY }
  expect(await textsOf([question], prices)).toEqual([undefined])
  expect(await prices.at(CHAIN, question)).toBeUndefined()
  expect(await textsOf([{ ...question, time: START - 3 * DAY + 3_600 }], prices)).toEqual(['7'])
})

test('where the source fails, the last stored price answers', async () => {
  await world.store.prices.put([{ asset: assetText(CHAIN, token(1)), at: START - 3 * DAY, price: '7' }], START)
  world.server.become(() => ({ status: 500, text: '' }))
  expect(await textsOf([{ asset: token(1), time: START - DAY }])).toEqual(['7'])
})

test('all questions together wait three seconds; later ones are unknown, and then nothing goes on', async () => {
  await world.store.prices.put([{ asset: assetText(CHAIN, token(1)), at: START - 500 * DAY, price: '7' }], START)
  const answer = always('5')
  const slow = world.server
  slow.become(answer, 400)
  const questions = Array.from({ length: 60 }, (_, days) => ({ asset: token(1), time: START - days * DAY }))
  const since = performance.now()
  const texts = await textsOf(questions)
  const ms = performance.now() - since
  expect(ms).toBeGreaterThan(2_500)
  // One after the other would take 24 seconds.
  expect(ms).toBeLessThan(12_000)
  const known = texts.filter((text) => text === '5').length
  expect(known).toBeGreaterThan(0)
  expect(texts).toEqual([...Array(known).fill('5'), ...Array(60 - known).fill(undefined)])
  const asked = slow.paths.length
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  expect(slow.paths.length).toBe(asked)
}, 180_000)

test('ten thousand stored prices leave room for other work', async () => {
  const asset = assetText(CHAIN, token(1))
  const times = Array.from({ length: 10_000 }, (_, step) => START - step * 600)
  await world.store.prices.put(
    times.map((at) => ({ asset, at, price: '3' })),
    START,
  )
  const ticks = countTicks()
  const found = await over(times.map((time) => ({ asset: token(1), time })))
  // 500 questions in a tick.
  expect(ticks.stop()).toBeGreaterThan(20)
  expect(found.every((price) => price?.text === '3')).toBe(true)
  expect(world.server.paths).toEqual([])
})
