/** A source of prices that fails, and comes back. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { CHAIN } from '../indexer/harness.ts'
import { type PriceReply, pricesOf } from './price-server.ts'
import { coin, PriceWorld, START, token } from './price-world.ts'

let world: PriceWorld
beforeEach(async () => {
  world = await PriceWorld.start()
})
afterEach(() => world.stop())

const HUGE = `{"coins":{},"rest":"${'x'.repeat(1_100_000)}"}`
const FAILURES: readonly (readonly [string, PriceReply, string])[] = [
  ['no answer in time', 'hang', 'NODE_TIMEOUT'],
  ['a broken connection', 'reset', 'NODE_UNREACHABLE'],
  ['a huge answer', { text: HUGE }, 'NODE_TOO_LARGE'],
  ['no JSON', { text: '<html>' }, 'NODE_GARBAGE'],
  ['half of a JSON', { text: '{"coins":{' }, 'NODE_GARBAGE'],
  ['JSON without coins', { text: '{"coins":[]}' }, 'NODE_GARBAGE'],
  ['deep JSON', { text: '['.repeat(100_000) }, 'NODE_GARBAGE'],
  ['an error status', { status: 500, text: '{"coins":{}}' }, 'NODE_HTTP'],
  ['a refusal', { status: 400, text: '' }, 'NODE_HTTP'],
  ['a slower pace', { status: 429, text: '', headers: { 'retry-after': '3600' } }, 'NODE_HTTP'],
  ['a redirect', { status: 302, text: '', headers: { location: '/elsewhere' } }, 'NODE_HTTP'],
]

describe('a source that fails', () => {
  test.each(FAILURES)(
    '%s: the last price stays with its age, one line in the log, then it recovers',
    async (_, reply, code) => {
      world.server.become(pricesOf({ [coin(1)]: '1' }))
      const prices = world.makePrices({ timeoutMs: 2_000 })
      const first = await world.firstPrice(prices, token(1))
      world.server.become(() => reply)
      // Each round without an answer takes the whole time-out.
      const rounds = reply === 'hang' ? 1 : 3
      for (let round = 0; round < rounds; round += 1) {
        world.now += 60
        await prices.refresh()
      }
      expect(prices.find(CHAIN, token(1))).toEqual(first)
      expect(world.logged).toEqual([`warn prices cannot be read; the last ones stay ${code}`])
      expect(prices.state()).toMatchObject({ updatedAt: START, error: expect.any(String) })
      expect(world.server.paths).toHaveLength(1 + rounds)
      world.server.become(pricesOf({ [coin(1)]: '2' }))
      await prices.refresh()
      expect(prices.find(CHAIN, token(1))).toMatchObject({ text: '2', updatedAt: world.now })
      expect(world.logged.slice(1)).toEqual(['info prices are read again'])
      expect(prices.state().error).toBeUndefined()
    },
  )

  test('new coins that it refuses do not stop the others, and are asked for again after growing pauses', async () => {
    const bad = coin(666)
    world.server.become((path) => (path.includes(bad) ? { status: 400, text: '' } : pricesOf({ [coin(1)]: '1' })(path)))
    const prices = world.makePrices()
    await world.firstPrice(prices, token(1))
    prices.find(CHAIN, token(666))
    await prices.refresh()
    world.now += 60
    await prices.refresh()
    expect(prices.find(CHAIN, token(1))?.updatedAt).toBe(START + 60)
    expect(world.server.coins()).toEqual([[coin(1)], [bad], [coin(1)]])
  })

  test('a source that is down at the start is asked once a round', async () => {
    await world.server.stop()
    const prices = world.makePrices()
    for (let number = 1; number <= 250; number += 1) prices.find(CHAIN, token(number))
    await prices.refresh()
    await prices.refresh()
    expect(world.logged).toEqual(['warn prices cannot be read; the last ones stay NODE_UNREACHABLE'])
    await world.restartServer(pricesOf({}))
    await prices.refresh()
    expect(world.logged.slice(1)).toEqual(['info prices are read again'])
  })
})
