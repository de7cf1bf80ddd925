/** What TokenKit's calls over values guarantee, over a real store with blocks at chosen times. */
import { expect, test } from 'vitest'
import type { TokenKitDeps } from '../../src/api/dialects/tokenkit/deps.ts'
import { balanceHistory } from '../../src/api/dialects/tokenkit/history.ts'
import { price, priceAt } from '../../src/api/dialects/tokenkit/prices.ts'
import type { Prices } from '../../src/tokens/prices.ts'
import type { Price } from '../../src/tokens/tokens.ts'
import { ALICE, GOLD, move, SILVER } from '../balances/world.ts'
import { ASSETS } from '../store/chains.ts'
import { always, calls, extend, HOUR, held, iso, past, usd } from './tokenkit-world.ts'

test('as_of is a time at which the answer was true; a time after that is not complete', async () => {
  const { deps } = await calls()
  const now = await held(deps)
  expect([now.body.data.as_of, now.asOf?.includes('complete')]).toEqual(['1970-01-01T00:00:48+00:00', false])
  const between = await held(deps, 47)
  expect([between.body.data.as_of, between.asOf]).toEqual([
    '1970-01-01T00:00:47+00:00',
    expect.stringMatching(/block=3;(?!.*complete)/),
  ])
  for (const time of [49, 1_000]) {
    const later = await held(deps, time)
    expect([later.body.data.as_of, later.asOf]).toEqual([
      '1970-01-01T00:00:48+00:00',
      expect.stringMatching(/block=4;.*;complete=\?0/),
    ])
  }
})

test('before coverage that began later, nothing is answered; buckets there are left out and said to be missing', async () => {
  const { deps, it } = await calls({ coverage: { scope: { type: 'all' }, from: 3 } })
  const refused = { code: 'UNAVAILABLE', message: 'This time is before the first block that is indexed here' }
  await expect(held(deps, 13)).rejects.toMatchObject(refused)
  await expect(past(deps, { from: 0, to: 13 })).rejects.toMatchObject(refused)
  // The first stored block is in the second hour.
  const late = await calls({ coverage: { scope: { type: 'all' }, from: 5 } })
  await extend(late.it, [[5, HOUR + 60, [move(GOLD, 1n, { to: ALICE })]]])
  late.it.now.at = HOUR + 61
  const { body, asOf } = await past(late.deps, { from: 0 })
  expect(body.data.map(({ bucket }) => bucket)).toEqual(['1970-01-01T01:00:00Z'])
  expect(asOf).toMatch(/complete=\?0/)
  expect(it.chain.asked).toEqual([])
})

test('an account outside the scope is refused at every time', async () => {
  const other = ASSETS[0].reference
  const { deps } = await calls({ coverage: { scope: { type: 'accounts', accounts: [other] }, from: 0 } })
  for (const time of [undefined, 13]) await expect(held(deps, time)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
})

test('a history names the lowest of its blocks, and is not complete after the newest one', async () => {
  const { deps, it } = await calls()
  await extend(it, [
    [5, 2 * HOUR + 10, [move(GOLD, 5n, { to: ALICE })]],
    [6, 3 * HOUR + 10, []],
  ])
  it.now.at = 3 * HOUR + 20
  const whole = await past(deps, { from: 0 })
  // 70 GOLD and 7 SILVER at 1.10, then 5 GOLD more.
  expect(whole.body.data.map(({ total_usd }) => total_usd)).toEqual(['84.7', '84.7', '90.2', '90.2'])
  expect(whole.asOf).toMatch(/block=4;.*finality=latest;source=events;age=\d+;uniform=\?0$/)
  const one = await past(deps, { from: 0, to: HOUR })
  expect(one.asOf).toMatch(/block=4;.*;age=\d+$/)
  const stale = await past(deps, { from: 0, to: 3 * HOUR + 15 })
  expect(stale.asOf).toMatch(/;uniform=\?0;complete=\?0$/)
  it.now.at = 5 * HOUR
  expect((await past(deps, { from: 4 * HOUR + 1 })).asOf).toMatch(/block=6;.*;complete=\?0$/)
})

test('reads of old blocks: the header is the worst of all looks', async () => {
  const { deps, it } = await calls({ reads: ['erc20:x'] })
  const { account } = deps.balances
  const balances: TokenKitDeps['balances'] = {
    ...deps.balances,
    account: async (request) => {
      const answer = await account(request)
      if (request.asOf === undefined || answer.asOf === undefined) return answer
      return { ...answer, asOf: { ...answer.asOf, source: 'reads', complete: false } }
    },
  }
  await extend(it, [[5, 2 * HOUR, []]])
  it.now.at = 2 * HOUR
  const { asOf } = await past({ ...deps, balances }, { from: 0 })
  expect(asOf).toMatch(/block=4;.*source=reads;.*;uniform=\?0;complete=\?0$/)
})

test('more assets than were read are counted, and the answer is not complete', async () => {
  const { deps } = await calls()
  const { account } = deps.balances
  const balances: TokenKitDeps['balances'] = {
    ...deps.balances,
    account: async (request) => {
      const answer = await account(request)
      return { ...answer, count: answer.count + 3 }
    },
  }
  const { body, asOf } = await held({ ...deps, balances })
  expect(body.data).toMatchObject({ holdings_count: 5, untracked_count: 3, total_usd: '84.7' })
  expect(asOf).toMatch(/complete=\?0/)
  const { body: history, asOf: asOfHistory } = await past({ ...deps, balances }, { from: 0 })
  expect(history.data[0]).toMatchObject({ holdings_count: 5, untracked_count: 3, total_usd: '84.7' })
  expect(asOfHistory).toMatch(/complete=\?0/)
})

test('a contract that is two assets is one holding: the first that the account met', async () => {
  const { deps, it } = await calls()
  await extend(it, [[5, 60, [move(ASSETS[4], 1n, { to: ALICE })]]])
  const { holdings, holdings_count } = (await held(deps)).body.data
  expect(holdings.map((one) => [one.token_address, one.is_erc20, one.is_erc721])).toEqual([
    [GOLD.reference, true, false],
    [SILVER.reference, true, false],
  ])
  expect(holdings_count).toBe(2)
})

test('a price has one text in all calls, and collections have none', async () => {
  const { deps, it } = await calls()
  await extend(it, [[5, 60, [move(ASSETS[2], 1n, { to: ALICE })]]])
  const token = { token_address: GOLD.reference }
  expect((await price(deps, { ...token, force_refresh: false })).body.data.price_usd).toBe('1.1')
  expect((await priceAt(deps, { ...token, at_time: iso(60) })).body.data.price_usd).toBe('1.1')
  for (const at of [undefined, 60]) {
    const { holdings } = (await held(deps, at)).body.data
    expect(holdings.map((one) => one.token_price_usd)).toEqual(['1.1', '1.1', null])
  }
  const rows = await balanceHistory(deps, { account_address: ALICE, ...token, start_time: iso(0) })
  expect(rows.body.data.map((one) => [one.token_price_usd, one.balance_usd])).toEqual([
    ['1.1', '110'],
    ['1.1', '77'],
  ])
  const items = { token_address: ASSETS[2].reference, force_refresh: false }
  expect((await price(deps, items)).body.data.price_usd).toBe('0')
})

test('a price with more than 255 places is answered in full', async () => {
  const tiny = `0.${'0'.repeat(298)}12`
  const { deps } = await calls({ prices: always(tiny), decimals: 255 })
  const token = { token_address: GOLD.reference }
  expect((await price(deps, { ...token, force_refresh: false })).body.data.price_usd).toBe(tiny)
  expect((await held(deps)).body.data.holdings[0]).toMatchObject({ token_price_usd: tiny })
})

test('a balance of 0 with a price is worth 0 though the decimals are unknown', async () => {
  const { deps, it } = await calls({ decimals: undefined })
  await extend(it, [[5, 60, [move(GOLD, 70n, { from: ALICE, to: ASSETS[3].reference })]]])
  const { body } = await balanceHistory(deps, {
    account_address: ALICE,
    token_address: GOLD.reference,
    start_time: iso(0),
  })
  expect(body.data.map((row) => row.balance_usd)).toEqual([null, null, '0'])
})

test('a price that is not in memory, or must be new, is asked of the source for now', async () => {
  const asked: number[] = []
  const prices = (known: Price | undefined): Prices => ({
    find: () => known,
    at: async (_, { time }) => {
      asked.push(time)
      return usd('3')
    },
  })
  const query = { token_address: GOLD.reference, force_refresh: false }
  const first = await calls({ prices: prices(undefined) })
  expect((await price(first.deps, query)).body.data.price_usd).toBe('3')
  const second = await calls({ prices: prices(usd('2')) })
  expect((await price(second.deps, query)).body.data.price_usd).toBe('2')
  expect((await price(second.deps, { ...query, force_refresh: true })).body.data.price_usd).toBe('3')
  expect(asked).toEqual([100, 100])
})
