/** TokenKit's calls over the past and over values, over a real chain with a configured price. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { logsOf, onChain, PRICE, servePriced, usd } from './tokenkit-facts.ts'
import type { TokenKitServer } from './tokenkit-server.ts'

const FROM_THE_START = 'start_time=2000-01-01T00:00:00Z'

let server: TokenKitServer
let cents: string
let trader: string
beforeAll(async () => {
  server = await servePriced()
  cents = server.chain.tokens.cents
  trader = server.chain.trader
}, 120_000)
afterAll(() => server.stop())

describe('GET /api/balance-history/', () => {
  const path = (more: string) => `/api/balance-history/?account_address=${trader}&token_address=${cents}&${more}`

  test('has a row for each event, with the balance of the chain after each block and the exact value', async () => {
    const { status, json, headers } = await server.get(path(FROM_THE_START))
    expect(status).toBe(200)
    const logs = await logsOf(server, trader)
    expect(logs.length).toBeGreaterThan(3)
    const { data, ...rest } = json
    expect(rest).toEqual({
      success: true,
      count: logs.length,
      account_address: trader,
      token_address: cents,
      start_time: '2000-01-01T00:00:00Z',
      end_time: null,
    })
    expect(
      data.map((row: { block_number: number; event_index: number }) => [row.block_number, row.event_index]),
    ).toEqual(logs.map(({ blockNumber, logIndex }) => [Number(blockNumber), Number(logIndex)]))
    for (const [index, row] of data.entries()) {
      const isLast = data[index + 1]?.block_number !== row.block_number
      if (isLast) expect(row.balance).toBe(await onChain(server, trader, row.block_number))
      expect(row).toMatchObject({ token_price_usd: PRICE, balance_usd: usd(BigInt(row.balance)) })
      expect(row.time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    }
    expect(headers.get('balance-as-of')).not.toContain('complete')
  })

  test('times are inclusive on both sides', async () => {
    const whole = (await server.get(path(FROM_THE_START))).json.data
    const [first, last] = [whole[1].time, whole.at(-2).time]
    const { json } = await server.get(path(`start_time=${first}&end_time=${last}`))
    expect(json.data).toEqual(whole.filter(({ time }: { time: string }) => time >= first && time <= last))
    const offset = encodeURIComponent(first.replace('Z', '+00:00'))
    expect((await server.get(path(`start_time=${offset}&end_time=${last}`))).json.data).toEqual(json.data)
  })

  test.each([
    ['', 'start_time: This field is required.'],
    ['start_time=yesterday', 'start_time: Malformed.'],
    ['start_time=2024-13-01', 'start_time: Malformed.'],
    ['start_time=2024-01-01&end_time=x', 'end_time: Malformed.'],
  ])('%s is 400', async (more, error) => {
    const { status, json } = await server.get(path(more))
    expect([status, json]).toEqual([400, { success: false, error }])
  })

  test('of an account without changes is empty', async () => {
    const { status, json } = await server.get(
      `/api/balance-history/?account_address=0x${'8'.repeat(40)}&token_address=${cents}&${FROM_THE_START}`,
    )
    expect([status, json.count, json.data]).toEqual([200, 0, []])
  })
})

describe('GET /api/portfolio/', () => {
  test('has what the account holds, the greatest value first, with the exact total', async () => {
    const { status, json, headers } = await server.get(`/api/portfolio/?account_address=${trader}`)
    expect(status).toBe(200)
    const { holdings, ...data } = json.data
    const value = usd(BigInt(await onChain(server, trader)))
    expect(data).toEqual({
      account_address: trader,
      as_of: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$/),
      total_usd: value,
      tracked_total_usd: value,
      holdings_count: holdings.length,
      untracked_count: holdings.length - 1,
    })
    expect(holdings[0]).toEqual({
      token_address: cents,
      balance: await onChain(server, trader),
      balance_usd: value,
      token_price_usd: PRICE,
      symbol: expect.any(String),
      name: expect.any(String),
      logo: null,
      decimals: 6,
      is_erc20: true,
      is_erc721: false,
      is_erc1155: false,
      verified: false,
      common: false,
      public: false,
      is_hidden: false,
    })
    expect(holdings.some((one: { balance: string }) => one.balance === '0')).toBe(false)
    const kinds = new Set(
      holdings.map((one: { is_erc721: boolean; is_erc1155: boolean }) => one.is_erc721 || one.is_erc1155),
    )
    expect(kinds).toEqual(new Set([true, false]))
    expect(headers.get('balance-as-of')).toMatch(/source=events/)
  })

  test('at a time has the balances of the last block until then', async () => {
    const logs = await logsOf(server, trader)
    for (const { blockNumber } of [logs[0], logs[Math.floor(logs.length / 2)]].flatMap((log) => log ?? [])) {
      const block = Number(blockNumber)
      const { timestamp } = JSON.parse(
        JSON.stringify(await server.chain.anvil.rpc('eth_getBlockByNumber', [blockNumber, false])),
      )
      // One second before the next block.
      const time = new Date((Number(timestamp) + 11) * 1_000).toISOString()
      const { json, headers } = await server.get(`/api/portfolio/?account_address=${trader}&at_time=${time}`)
      const held = json.data.holdings.find((one: { token_address: string }) => one.token_address === cents)
      expect(held?.balance ?? '0').toBe(await onChain(server, trader, block))
      expect(headers.get('balance-as-of')).toContain(`block=${block};`)
    }
  })

  test('before the chain began is empty', async () => {
    const { status, json } = await server.get(`/api/portfolio/?account_address=${trader}&at_time=2001-01-01`)
    expect([status, json.data.total_usd, json.data.holdings]).toEqual([200, '0', []])
  })
})

describe('GET /api/portfolio-history/', () => {
  const path = (more: string) => `/api/portfolio-history/?account_address=${trader}&${more}`

  test('has the value at the end of each bucket, and the last one is that of now', async () => {
    const start = new Date(Date.now() - 3 * 86_400_000).toISOString().slice(0, 10)
    const { status, json } = await server.get(path(`start_time=${start}`))
    expect(status).toBe(200)
    expect(json).toMatchObject({ success: true, count: 4, interval: '1 day', fill_gaps: true, end_time: null })
    expect(json.data.map(({ bucket }: { bucket: string }) => bucket)).toEqual(
      [3, 2, 1, 0].map((days) => `${new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10)}T00:00:00Z`),
    )
    expect(json.data[0]).toMatchObject({ total_usd: '0', holdings_count: 0, untracked_count: 0 })
    expect(json.data[3].total_usd).toBe(usd(BigInt(await onChain(server, trader))))
  })

  test('without fill_gaps leaves out buckets without a change', async () => {
    const { json } = await server.get(path('start_time=2026-01-01&interval=1%20month&fill_gaps=false'))
    expect(json.data.length).toBeLessThan(4)
    expect(json.data.at(-1).total_usd).toBe(usd(BigInt(await onChain(server, trader))))
  })

  test.each(['1 hour', '1 day', '1 week', '1 month'])('takes the interval %s', async (interval) => {
    const start = new Date(Date.now() - 86_400_000).toISOString()
    const { status, json } = await server.get(path(`start_time=${start}&interval=${encodeURIComponent(interval)}`))
    expect([status, json.interval]).toEqual([200, interval])
    expect(json.count).toBeGreaterThan(0)
  })

  test('a range of too many buckets is 400 with the remedy', async () => {
    const { status, json } = await server.get(path('start_time=2000-01-01&interval=1%20hour'))
    expect([status, json]).toEqual([400, { success: false, error: 'interval: Take a longer interval.' }])
  })

  test.each(['start_time=2000-01-01&interval=1%20hour', 'start_time=2026-01-01&interval=2%20days', 'interval=1%20day'])(
    '%s is 400',
    async (more) => {
      const { status, json } = await server.get(path(more))
      expect([status, json.success]).toEqual([400, false])
    },
  )
})
