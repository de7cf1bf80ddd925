/** TokenKit's transfers, tokens, prices and progress, over a real chain with a configured price. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { logsOf, onChain, PRICE, servePriced, usd } from './tokenkit-facts.ts'
import type { TokenKitServer } from './tokenkit-server.ts'

let server: TokenKitServer
let cents: string
let trader: string
beforeAll(async () => {
  server = await servePriced()
  cents = server.chain.tokens.cents
  trader = server.chain.trader
}, 120_000)
afterAll(() => server.stop())

describe('GET /api/transfers/', () => {
  const all = async (filter: string) => (await server.get(`/api/transfers/?${filter}&limit=100`)).json

  test('of an account and a token are the logs of the chain, newest first', async () => {
    const { results, count, total_pages, links } = await all(`account=${trader}&token=${cents}`)
    const logs = [...(await logsOf(server, trader))].reverse()
    expect([count, total_pages, links]).toEqual([logs.length, 1, { next: null, previous: null }])
    expect(
      results.map((row: { block: number; event_index: number; value: string }) => [
        row.block,
        row.event_index,
        row.value,
      ]),
    ).toEqual(
      logs.map(({ blockNumber, logIndex, data }) => [Number(blockNumber), Number(logIndex), BigInt(data).toString()]),
    )
    expect(results[0]).toEqual({
      from_address: expect.stringMatching(/^0x[0-9a-f]{40}$/),
      to_address: expect.stringMatching(/^0x[0-9a-f]{40}$/),
      token_address: cents,
      token_symbol: expect.any(String),
      token_name: expect.any(String),
      token_decimals: 6,
      value: expect.stringMatching(/^\d+$/),
      nft_token_id: '',
      txhash: expect.stringMatching(/^0x[0-9a-f]{64}$/),
      timestamp: expect.stringMatching(/Z$/),
      block: expect.any(Number),
      status: null,
      fee: null,
      fee_unit: null,
      event_index: expect.any(Number),
    })
  })

  test('every filter narrows the list to what matches it, also together', async () => {
    const { results } = await all(`account=${trader}`)
    const [one] = results
    const matches = {
      from_address: (row: typeof one) => row.from_address === one.from_address,
      to_account: (row: typeof one) => row.to_address === one.to_address,
      token_address: (row: typeof one) => row.token_address === one.token_address,
      block: (row: typeof one) => row.block === one.block,
      txhash: (row: typeof one) => row.txhash === one.txhash,
    }
    const values = {
      from_address: one.from_address,
      to_account: one.to_address,
      token_address: one.token_address,
      block: one.block,
      txhash: one.txhash,
    }
    const names = ['from_address', 'to_account', 'token_address', 'block', 'txhash'] as const
    for (const first of names) {
      for (const second of names) {
        const found = await all(
          `${first}=${values[first]}&${second === first ? 'account_address' : second}=${second === first ? trader : values[second]}`,
        )
        expect(found.results.length).toBeGreaterThan(0)
        for (const row of found.results) expect([first, second].every((name) => matches[name](row))).toBe(true)
      }
    }
  })

  test('tokens of every standard are listed in the order in which the account first met them', async () => {
    for (const account of server.chain.accounts.slice(0, 8)) {
      const { results, count } = await all(`account=${account}`)
      expect(results).toHaveLength(count)
      const met = [...results].reverse().map((row: { token_address: string }) => row.token_address)
      const { json } = await server.get(`/api/account-balances/?account_address=${account}`)
      expect(json.data.map((row: { token: { address: string } }) => row.token.address)).toEqual([...new Set(met)])
    }
  })

  test('a mint is sent by the zero address', async () => {
    const { results } = await all(`token=${cents}`)
    expect(results.at(-1).from_address).toBe(`0x${'0'.repeat(40)}`)
  })

  test('items have their id, and the rows of one batch share the event', async () => {
    const { results } = await all(`token=${server.chain.tokens.goods}`)
    for (const row of results) expect(row.nft_token_id).toMatch(/^\d+$/)
    const names = results.map((row: { block: number; event_index: number; nft_token_id: string }) =>
      [row.block, row.event_index, row.nft_token_id].join('/'),
    )
    expect(new Set(names).size).toBe(names.length)
  })

  test('pages link to each other with relative links', async () => {
    const filter = `token=${cents}&limit=5`
    const first = await server.get(`/api/transfers/?${filter}`)
    expect(first.json.links.previous).toBeNull()
    const query = new URLSearchParams(first.json.links.next)
    expect([first.json.links.next[0], query.get('page'), query.get('limit'), query.get('token')]).toEqual([
      '?',
      '2',
      '5',
      cents,
    ])
    const second = await server.get(`/api/transfers/${first.json.links.next}`)
    expect(second.json.results).toHaveLength(5)
    const whole = await all(`token=${cents}`)
    expect([...first.json.results, ...second.json.results]).toEqual(whole.results.slice(0, 10))
  })

  test('without a filter is 400 with the allowed filters', async () => {
    const { status, json } = await server.get('/api/transfers/?page=2')
    expect([status, json.success]).toEqual([400, false])
    expect(json.allowed_filters).toContain('txhash')
  })

  test('of a transaction that does not exist is an empty list', async () => {
    const { status, json } = await server.get(`/api/transfers/?txhash=0x${'ab'.repeat(32)}`)
    expect([status, json.count, json.results]).toEqual([200, 0, []])
  })
})

describe('GET /api/tokens/, /api/price/ and /api/indexer/progress/', () => {
  test('tokens are found by address, by symbol and by name, with only the wanted fields', async () => {
    const { json } = await server.get(`/api/tokens/?search=${cents}`)
    expect(json).toMatchObject({ results: [{ address: cents, decimals: 6, is_erc20: true, current_price_usd: PRICE }] })
    const [{ symbol, name }] = json.results
    for (const search of [symbol, symbol.toLowerCase(), name]) {
      const found = await server.get(
        `/api/tokens/?search=${encodeURIComponent(search)}&fields=address,%20symbol,nonsense`,
      )
      expect(found.json.results).toContainEqual({ address: cents, symbol })
    }
    expect((await server.get('/api/tokens/?common=true')).json.results).toEqual([])
    expect((await server.get('/api/tokens/?is_erc20=false')).json.results).toHaveLength(2)
  })

  test('pages have absolute links', async () => {
    const { json } = await server.get('/api/tokens/?limit=2&page=1')
    expect(json.links.next).toBe(`${server.url}/api/tokens/?limit=2&page=2`)
  })

  test('a price is a number with all its digits, and 0 if it is not known', async () => {
    const known = await server.get(`/api/price/?token_address=${cents}`)
    expect(known.text).toContain(`"price_usd":${PRICE}`)
    expect(known.json.data).toMatchObject({ token_address: cents, force_refresh: false })
    const unknown = await server.get(`/api/price/?token_address=${server.chain.tokens.whole}`)
    expect(unknown.json.data.price_usd).toBe(0)
    const past = await server.get(`/api/price-at/?token_address=${cents}&at_time=2024-01-01T00:00:00Z`)
    expect(past.text).toContain(`"price_usd":${PRICE},"at_time":"2024-01-01T00:00:00Z"`)
  })

  test('progress is that of the chain', async () => {
    const { json } = await server.get('/api/indexer/progress/')
    const head = Number(await server.chain.anvil.rpc('eth_blockNumber'))
    expect(json).toEqual({
      network: '31337',
      chunks: [{ name: 'main', range: [0, null], latest_block: head, transfers: expect.any(Number), percent: 100 }],
      totals: { transfers: expect.any(Number), latest_block_overall: head },
    })
  })

  test('a balance with a price has its exact value in each call', async () => {
    const query = `account_address=${trader}&token_address=${cents}`
    const value = usd(BigInt(await onChain(server, trader)))
    expect((await server.get(`/api/balance/?${query}`)).text).toContain(`"balance_usd":${value}`)
    const { json } = await server.get(`/api/account-balances/?account_address=${trader}`)
    const row = json.data.find((one: { token: { address: string } }) => one.token.address === cents)
    expect([row.balance_usd, row.token.current_price_usd]).toEqual([value, PRICE])
  })
})
