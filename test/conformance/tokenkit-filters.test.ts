/** What TokenKit's lists accept as filters, times, pages and addresses, over a real chain with one listed token. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sendRaw } from './chainbase-client.ts'
import { serveTokenKit, type TokenKitServer } from './tokenkit-server.ts'

const FOLDER = mkdtempSync(join(tmpdir(), 'steelyard-filters-'))
const ZERO = `0x${'0'.repeat(40)}`

let server: TokenKitServer
let cents: string
let trader: string
let other: string
beforeAll(async () => {
  server = await serveTokenKit(({ chainId, tokens }) => {
    const file = join(FOLDER, 'list.json')
    const listed = { chainId, address: tokens.cents, name: 'Listed cents', symbol: 'CENTS', decimals: 6 }
    writeFileSync(file, JSON.stringify({ name: 'test', tokens: [listed] }))
    return { tokens: { lists: [file] } }
  })
  cents = server.chain.tokens.cents
  trader = server.chain.trader
  other = server.chain.accounts.find((account) => account !== trader) ?? trader
}, 120_000)
afterAll(async () => {
  await server.stop()
  rmSync(FOLDER, { recursive: true })
})

/** Expects a rejection that names the parameter. */
async function rejected(path: string, error: string): Promise<void> {
  const { status, json } = await server.get(path)
  expect([status, json], path).toEqual([400, { success: false, error }])
}

describe('GET /api/transfers/', () => {
  const NAMES = [
    ['account', 'account_address'],
    ['from_account', 'from_address'],
    ['to_account', 'to_address'],
    ['token', 'token_address'],
  ] as const

  test.each(NAMES)('%s and %s may be given together if they are the same', async (short, long) => {
    const [value, unlike] = short === 'token' ? [cents, server.chain.tokens.whole] : [trader, other]
    const one = (await server.get(`/api/transfers/?${short}=${value}`)).json
    const form = `0x${value.slice(2).toUpperCase().padStart(64, '0')}`
    const both = (await server.get(`/api/transfers/?${short}=${value}&${long}=${form}`)).json
    expect(one.count).toBeGreaterThan(0)
    expect([both.count, both.results]).toEqual([one.count, one.results])
    await rejected(`/api/transfers/?${short}=${value}&${long}=${unlike}`, `${long}: Not the same as ${short}.`)
  })

  test.each(NAMES.flat())('a malformed %s is rejected under this name', async (name) => {
    await rejected(`/api/transfers/?${name}=nonsense`, `${name}: Malformed.`)
  })

  test.each(NAMES.slice(0, 3).flat())('the zero address as %s is rejected with the remedy', async (name) => {
    const error = `${name}: The zero address has no lists. Mints and burns are among the transfers of a token or a block.`
    for (const more of ['', `&token=${cents}`, '&block=3', `&txhash=0x${'a'.repeat(64)}`]) {
      await rejected(`/api/transfers/?${name}=${ZERO}${more}`, error)
    }
    await rejected(`/api/transfers/?${name}=0x0`, error)
  })

  test('beyond the end, the previous link leads to the last page', async () => {
    const query = `token=${cents}&limit=5`
    const { count, total_pages } = (await server.get(`/api/transfers/?${query}`)).json
    expect(total_pages).toBe(Math.ceil(count / 5))
    for (const page of [total_pages + 1, total_pages + 7]) {
      const { json } = await server.get(`/api/transfers/?${query}&page=${page}`)
      expect(json).toMatchObject({ results: [], links: { next: null } })
      expect(new URLSearchParams(json.links.previous).get('page')).toBe(String(total_pages))
    }
    const last = (await server.get(`/api/transfers/?${query}&page=${total_pages}`)).json
    expect(last.results.length).toBeGreaterThan(0)
    expect(last.links.next).toBeNull()
    const none = await server.get(`/api/transfers/?txhash=0x${'ab'.repeat(32)}&page=3`)
    expect(none.json).toMatchObject({ total_pages: 0, links: { next: null, previous: null } })
  })

  test('a page beyond the rows that can be listed is rejected', async () => {
    const error = 'page: Only the first 1000000 rows can be listed.'
    await rejected(`/api/transfers/?token=${cents}&limit=100&page=10001`, error)
    await rejected('/api/tokens/?limit=1000&page=1001', error)
    await rejected(`/api/transfers/?token=${cents}&page=1000001`, 'page: Out of range.')
  })
})

describe('GET /api/tokens/', () => {
  const found = async (query: string): Promise<readonly string[]> => {
    const { json } = await server.get(`/api/tokens/?${query}&fields=address`)
    return json.results.map(({ address }: { address: string }) => address)
  }

  test('a search by address takes every form of the address', async () => {
    for (const token of [cents, server.chain.tokens.whole]) {
      const digits = token.slice(2)
      for (const form of [
        `0x${digits.toUpperCase()}`,
        `0X${digits}`,
        `0x${digits.padStart(64, '0')}`,
        `%20${token}%20`,
      ])
        expect(await found(`search=${form}`), form).toEqual([token])
    }
    expect(await found('search=0x1')).toEqual([])
    expect(await found(`search=0x${cents.slice(2).padStart(65, '0')}`)).toEqual([])
  })

  test('common and public mean the same, and every filter must fit', async () => {
    const listed = await found('common=true')
    expect(listed).toEqual([cents])
    const others = await found('common=false')
    expect(others.length).toBeGreaterThan(3)
    expect(others).not.toContain(cents)
    expect(await found('public=true')).toEqual(listed)
    expect(await found('common=true&public=true')).toEqual(listed)
    expect(await found('common=false&public=false')).toEqual(others)
    expect(await found('common=true&public=false')).toEqual([])
    expect(await found('common=false&public=true')).toEqual([])
  })

  test('the link to the next page repeats no host that is none', async () => {
    const host = '"><b>evil.example/x'
    const request = `GET /api/tokens/?limit=1 HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\napi-key: ${server.key}\r\n\r\n`
    const answer = await sendRaw(Number(new URL(server.url).port), request)
    expect(answer).toContain('"next":"http://localhost/api/tokens/?limit=1&page=2"')
    expect(answer).not.toContain('evil')
  })
})

describe('times', () => {
  test('a range that ends before it begins, and a day that does not exist, are rejected by name', async () => {
    const calls = [
      `/api/balance-history/?account_address=${trader}&token_address=${cents}`,
      `/api/portfolio-history/?account_address=${trader}`,
    ]
    for (const call of calls) {
      await rejected(`${call}&start_time=2026-01-02&end_time=2026-01-01`, 'end_time: Before start_time.')
      await rejected(`${call}&start_time=2026-02-30`, 'start_time: Malformed.')
      await rejected(`${call}&start_time=2026-01-01&end_time=2026-02-30`, 'end_time: Malformed.')
      const spaced = encodeURIComponent('2026-01-01 10:00')
      expect((await server.get(`${call}&start_time=${spaced}&end_time=${spaced}`)).status).toBe(200)
    }
    await rejected(`/api/portfolio/?account_address=${trader}&at_time=2026-02-30`, 'at_time: Malformed.')
    await rejected(`/api/price-at/?token_address=${cents}&at_time=2026-02-30`, 'at_time: Malformed.')
  })
})

describe('addresses', () => {
  const LONG = [67, 200, 1_024, 5_000].map((length) => `0x${'0'.repeat(length - 3)}1`)

  test.each([
    ['account_address', '/api/balance/', (account: string) => ({ account_address: account, token_address: cents })],
    ['token_address', '/api/balance/', (token: string) => ({ account_address: trader, token_address: token })],
    ['account_address', '/api/account-balances/', (account: string) => ({ account_address: account })],
    ['account_address', '/api/portfolio/', (account: string) => ({ account_address: account })],
    [
      'account_address',
      '/api/portfolio-history/',
      (one: string) => ({ account_address: one, start_time: '2026-01-01' }),
    ],
    ['token_address', '/api/price/', (token: string) => ({ token_address: token })],
    ['from_address', '/api/transfers/', (account: string) => ({ from_address: account })],
    ['txhash', '/api/transfers/', (hash: string) => ({ txhash: hash })],
  ] as const)('longer than 66 characters as %s of %s are malformed', async (name, path, query) => {
    for (const long of LONG) await rejected(`${path}?${new URLSearchParams(query(long))}`, `${name}: Malformed.`)
  })

  test('longer than 66 characters are an error of their pair, which repeats only the beginning', async () => {
    for (const long of LONG) {
      const { status, json } = await server.post('/api/balances/', {
        balances: [{ account_address: long, token_address: cents }],
      })
      expect([status, json]).toEqual([
        200,
        {
          success: true,
          data: [],
          errors: [{ account_address: long.slice(0, 80), token_address: cents, error: 'account_address: Malformed.' }],
        },
      ])
    }
  })

  test('the zero address has single balances, but no lists', async () => {
    const error =
      'account_address: The zero address has no lists. Mints and burns are among the transfers of a token or a block.'
    await rejected(`/api/account-balances/?account_address=${ZERO}`, error)
    await rejected(`/api/portfolio/?account_address=${ZERO}`, error)
    await rejected(`/api/portfolio-history/?account_address=${ZERO}&start_time=2026-01-01`, error)
    const pair = `account_address=${ZERO}&token_address=${cents}`
    await rejected(`/api/balance-history/?${pair}&start_time=2026-01-01`, error)
    expect((await server.get(`/api/balance/?${pair}`)).status).toBe(200)
  })
})
