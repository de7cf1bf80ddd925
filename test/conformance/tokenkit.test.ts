/** TokenKit's balance calls, field by field as on the vendor's page, over a real chain. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { rowId } from '../../src/api/dialects/tokenkit/render.ts'
import { callData } from '../../src/demo/contracts.ts'
import { serveTokenKit, type TokenKitServer } from './tokenkit-server.ts'

let server: TokenKitServer
let usdc: string
beforeAll(async () => {
  server = await serveTokenKit()
  usdc = server.chain.tokens.cents
}, 120_000)
afterAll(() => server.stop())

const OFFSET_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$/
const ZULU = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/

async function balanceOf(token: string, account: string): Promise<string> {
  const call = { to: token, data: callData('Erc20', 'balanceOf', [account]) }
  return BigInt(String(await server.chain.anvil.rpc('eth_call', [call, 'latest']))).toString()
}

/** Expects a value, or null where the token does not report one. */
const orNull = (value: unknown, expected: unknown): unknown => (value === null ? null : expected)

const path = (token: string, more = '') =>
  `/api/balance/?account_address=${server.chain.trader}&token_address=${token}${more}`

describe('GET /api/balance/', () => {
  test('is one balance, with the names, types and the time of the vendor', async () => {
    const { status, json, headers } = await server.get(path(usdc))
    expect(status).toBe(200)
    expect(json).toEqual({
      success: true,
      data: {
        account_address: server.chain.trader,
        token_address: usdc,
        balance: await balanceOf(usdc, server.chain.trader),
        balance_usd: null,
        last_updated: expect.stringMatching(OFFSET_TIME),
      },
    })
    expect(headers.get('balance-as-of')).toMatch(
      /^"eip155:\d+";block=\d+;hash="0x[0-9a-f]{64}";finality=\w+;source=events;age=\d+$/,
    )
  })

  test.each(['force_refresh=true', 'force_refresh=1', 'max_age=0'])('%s reads the chain', async (asked) => {
    const { json, headers } = await server.get(path(usdc, `&${asked}`))
    expect(json.data.balance).toBe(await balanceOf(usdc, server.chain.trader))
    expect(headers.get('balance-as-of')).toContain('source=reads')
  })

  test.each([
    ['upper case', (address: string) => `0X${address.slice(2).toUpperCase()}`],
    ['padded', (address: string) => `0x${address.slice(2).padStart(64, '0')}`],
  ])('takes an address in %s', async (_, form) => {
    const { trader } = server.chain
    const answer = await server.get(`/api/balance?account_address=${form(trader)}&token_address=${form(usdc)}`)
    expect([answer.status, answer.json.data.account_address, answer.json.data.token_address]).toEqual([
      200,
      trader,
      usdc,
    ])
  })

  test.each([
    ['account_address', '', 'account_address: This field is required.'],
    ['account_address', '0x', 'account_address: Malformed.'],
    ['account_address', `0x${'1'.repeat(80)}`, 'account_address: Malformed.'],
    ['account_address', `0x1${'0'.repeat(40)}`, 'account_address: Malformed.'],
    ['account_address', 'vitalik.eth', 'account_address: Malformed.'],
    ['token_address', '', 'token_address: This field is required.'],
    ['max_age', '-1', 'max_age: Out of range.'],
    ['max_age', '1e9', 'max_age: Expected an integer.'],
    ['max_age', '%2B5', 'max_age: Expected an integer.'],
    ['force_refresh', 'perhaps', 'force_refresh: Expected a boolean.'],
  ])('%s=%s is 400', async (name, value, error) => {
    const query = new URLSearchParams({ account_address: server.chain.trader, token_address: usdc })
    query.delete(name)
    const answer = await server.get(`/api/balance/?${query}&${name}=${value}`)
    expect([answer.status, answer.json]).toEqual([400, { success: false, error }])
  })

  test('an empty max_age is the default, and a repeated one is 400', async () => {
    expect((await server.get(path(usdc, '&max_age='))).status).toBe(200)
    expect((await server.get(path(usdc, '&max_age=1&max_age=1'))).json.error).toBe('max_age: Given more than once.')
  })

  test('an address without a contract is 404', async () => {
    const answer = await server.get(path(`0x${'9'.repeat(40)}`))
    expect([answer.status, answer.json]).toEqual([
      404,
      { success: false, error: 'token_address: Not a token contract.' },
    ])
  })
})

describe('POST /api/balances/', () => {
  test('answers 17 rows and 3 errors of 20 pairs, in the order of the request', async () => {
    const { accounts, trader } = server.chain
    const good = Array.from({ length: 17 }, (_, index) => ({
      account_address: accounts[index % 5] ?? trader,
      token_address: usdc,
    }))
    const bad = [
      { account_address: 'nonsense', token_address: usdc },
      { account_address: trader, token_address: `0x${'9'.repeat(40)}` },
      { account_address: trader },
    ]
    const { status, json } = await server.post('/api/balances/', { balances: [...good, ...bad] })
    expect([status, json.success, json.data.length]).toEqual([200, true, 17])
    expect(json.data.map((row: { account_address: string }) => row.account_address)).toEqual(
      good.map((pair) => pair.account_address),
    )
    for (const row of json.data) {
      expect(row).toEqual({
        account_address: expect.any(String),
        token_address: usdc,
        balance: await balanceOf(usdc, row.account_address),
        balance_usd: null,
        last_updated: expect.stringMatching(OFFSET_TIME),
      })
    }
    expect(json.errors).toEqual([
      { account_address: 'nonsense', token_address: usdc, error: 'account_address: Malformed.' },
      { account_address: trader, token_address: `0x${'9'.repeat(40)}`, error: 'token_address: Not a token contract.' },
      { account_address: trader, token_address: null, error: 'token_address: This field is required.' },
    ])
  })

  test('one token of 20 that always reverts is an error; the other 19 are answered', async () => {
    const { accounts, trader, anvil } = server.chain
    const dead = `0x${'d'.repeat(40)}`
    // PUSH1 0, PUSH1 0, REVERT
    await anvil.rpc('anvil_setCode', [dead, '0x60006000fd'])
    const holders = Array.from({ length: 19 }, (_, index) => accounts[index % accounts.length] ?? trader)
    const pairs = holders.map((holder) => ({ account_address: holder, token_address: usdc }))
    const reverts = { account_address: trader, token_address: dead }
    for (const forced of [false, true]) {
      const balances = [...pairs.slice(0, 7), reverts, ...pairs.slice(7)]
      const { status, json, headers } = await server.post('/api/balances/', { balances, force_refresh: forced })
      expect([status, json.success]).toEqual([200, true])
      expect(
        json.data.map((row: { account_address: string; balance: string }) => [row.account_address, row.balance]),
      ).toEqual(await Promise.all(holders.map(async (holder) => [holder, await balanceOf(usdc, holder)])))
      expect(json.errors).toEqual([{ ...reverts, error: 'The token does not return a balance.' }])
      expect(headers.get('balance-as-of')).toContain('complete=?0')
    }
    const single = await server.get(path(dead))
    expect([single.status, single.json]).toEqual([
      502,
      { success: false, error: 'The token does not return a balance.' },
    ])
  })

  test('errors is null if there are none; all that fail is an empty list', async () => {
    const pair = { account_address: server.chain.trader, token_address: usdc }
    expect((await server.post('/api/balances', { balances: [pair] })).json.errors).toBeNull()
    const none = await server.post('/api/balances', { balances: [1, null, [], 'x', {}] })
    expect([none.status, none.json.data, none.json.errors.length]).toEqual([200, [], 5])
  })

  test.each([
    ['not JSON', '{', 400],
    ['an array', '[[]]', 400],
    ['no list', {}, 400],
    ['a list that is an object', { balances: {} }, 400],
    ['an empty list', { balances: [] }, 400],
    ['21 pairs', { balances: Array.from({ length: 21 }, () => ({})) }, 400],
    ['a bad max_age', { balances: [{}], max_age: '5' }, 400],
  ])('%s is %s', async (_, body, status) => {
    const answer = await server.post('/api/balances/', body)
    expect([answer.status, answer.json.success, typeof answer.json.error]).toEqual([status, false, 'string'])
  })
})

describe('GET /api/account-balances/', () => {
  test('lists every token of the account, as it first met them, with the fields of the vendor', async () => {
    const { trader } = server.chain
    const { status, json, headers } = await server.get(`/api/account-balances/?account_address=${trader}`)
    expect([status, json.success, json.count]).toEqual([200, true, json.data.length])
    expect(json.count).toBeGreaterThan(4)
    for (const row of json.data) {
      expect(row).toEqual({
        id: rowId(server.id, trader, row.token.address),
        account: { address: trader },
        token: {
          address: expect.stringMatching(/^0x[0-9a-f]{40}$/),
          symbol: orNull(row.token.symbol, expect.any(String)),
          name: orNull(row.token.name, expect.any(String)),
          decimals: orNull(row.token.decimals, expect.any(Number)),
          current_price_usd: null,
          logo: null,
        },
        balance: expect.stringMatching(/^\d+$/),
        balance_usd: null,
        last_updated: expect.stringMatching(ZULU),
      })
    }
    const stable = json.data.find((row: { token: { address: string } }) => row.token.address === usdc)
    expect(stable.balance).toBe(await balanceOf(usdc, trader))
    expect(headers.get('balance-as-of')).toMatch(/source=events/)
  })

  test('keeps zero balances, and is empty for an account that was never seen', async () => {
    const emptied = await server.get(`/api/account-balances/?account_address=${server.chain.emptied}`)
    expect(emptied.json.data.map((row: { balance: string }) => row.balance)).toContain('0')
    const { status, json } = await server.get(`/api/account-balances/?account_address=0x${'8'.repeat(40)}`)
    expect([status, json]).toEqual([200, { success: true, count: 0, data: [] }])
  })

  test('the greatest amount is exact to the last digit', async () => {
    const { greatest } = server.chain
    const { json } = await server.get(`/api/account-balances/?account_address=${greatest}`)
    expect(json.data.map((row: { balance: string }) => row.balance)).toContain((2n ** 256n - 1n).toString())
  })
})

describe('keys', () => {
  test.each([
    ['missing', {}],
    ['malformed', { 'api-key': 'x' }],
    ['unknown', { 'api-key': `abcdefgh.${'0'.repeat(43)}` }],
  ])('a %s key is 401 with the realm', async (_, headers) => {
    const { status, json, headers: answered } = await server.call(path(usdc), { headers })
    expect([status, Object.keys(json), answered.get('www-authenticate')]).toEqual([
      401,
      ['detail'],
      'api-key realm="tokenkit"',
    ])
  })

  test('other paths under /api/ are 404 in the body of the vendor', async () => {
    const { status, json } = await server.get('/api/nothing/')
    expect([status, json]).toEqual([404, { success: false, error: 'Not found' }])
  })
})
