import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createKey } from '../../src/access/keys.ts'
import { createServer } from '../../src/api/create-server.ts'
import { renderError } from '../../src/api/dialects/chainbase/errors.ts'
import type { Balances } from '../../src/balances/balances.ts'
import type { Balance } from '../../src/core/balance.ts'
import { ServiceError } from '../../src/core/errors.ts'
import { type Answered, listen, type Served } from './chainbase-client.ts'
import {
  address,
  asOf,
  fakeBalances,
  fakeDeps,
  fakeTokens,
  known,
  type MemoryKeys,
  NOW,
  token,
  unknown,
  type World,
} from './chainbase-fakes.ts'

const A = address('a')
const B = address('b')
/** Indexed: a coin without holders, and a contract of items. */
const COIN = address('c')
const ITEMS = address('d')
const WORLD: World = {
  held: [
    { asset: { standard: 'erc20', reference: COIN }, balance: known(0n) },
    { asset: { standard: 'erc1155', reference: ITEMS }, balance: known(1n) },
  ],
  unindexed: new Map(),
  tokens: [],
  holders: [],
  transfers: [],
}
const TOKENS = `/v1/account/tokens?chain_id=1&address=${A}`

let server: Served
let key: string
let store: MemoryKeys
beforeAll(async () => {
  const deps = await fakeDeps(WORLD)
  key = deps.key
  store = deps.store
  server = await listen(createServer(deps))
})
afterAll(() => server.close())

/** Checks the vendor's error: code is the status, error repeats the message, and every answer has the same headers. */
function expectError(answer: Answered, status: number, message: string): void {
  expect(JSON.parse(answer.body)).toEqual({ code: status, message, error: message })
  expect(answer.status).toBe(status)
  expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8')
  expect(answer.headers.get('access-control-allow-origin')).toBe('*')
  expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f]{12}-[0-9a-z]+$/)
  expect(answer.headers.get('balance-as-of')).toBeNull()
}

const withKey = (other: string = key): RequestInit => ({ headers: { 'x-api-key': other } })

const KEY_MISSING = 'API key is missing: send it as x-api-key; "steelyard keys create" makes one'

describe('parameters', () => {
  const list = (length: number) => Array.from({ length }, (_, index) => `0x${index.toString(16).padStart(40, '0')}`)
  test.each([
    [`/v1/account/tokens?address=${A}`, 400, 'chain_id is required'],
    [`/v1/account/tokens?chain_id=&address=${A}`, 400, 'chain_id is required'],
    ['/v1/account/tokens?chain_id=1', 400, 'address is required'],
    ['/v1/account/tokens?chain_id=1&limit=x', 400, 'address is required'],
    [`/v1/account/tokens?chain_id=2&address=${A}`, 400, 'chain_id is not supported'],
    [`/v1/account/tokens?chain_id=01&address=${A}`, 400, 'chain_id is not supported'],
    [`/v1/account/tokens?chain_id=eip155:1&address=${A}`, 400, 'chain_id is not supported'],
    [`/v1/account/tokens?chain_id=__proto__&address=${A}`, 400, 'chain_id is not supported'],
    [`/v1/account/tokens?chain_id=%00&address=${A}`, 400, 'chain_id is not supported'],
    [`/v1/account/tokens?chain_id=1&chain_id=1&address=${A}`, 422, 'chain_id is repeated'],
    ['/v1/account/tokens?chain_id=1&address=0xabc', 422, 'address is malformed'],
    [`/v1/account/tokens?chain_id=1&address=${A}%00`, 422, 'address is malformed'],
    [`/v1/account/tokens?chain_id=1&address=${'a'.repeat(10_000)}`, 422, 'address is malformed'],
    [`${TOKENS}&address=${A}`, 422, 'address is repeated'],
    [`${TOKENS}&limit=0`, 422, 'limit out of range'],
    [`${TOKENS}&limit=101`, 422, 'limit out of range'],
    [`${TOKENS}&limit=-1`, 422, 'limit out of range'],
    [`${TOKENS}&page=0`, 422, 'page out of range'],
    [`${TOKENS}&limit=1e2`, 422, 'limit is not an integer'],
    [`${TOKENS}&limit=20.0`, 422, 'limit is not an integer'],
    [`${TOKENS}&limit=%2B5`, 422, 'limit is not an integer'],
    [`${TOKENS}&limit=%D9%A3`, 422, 'limit is not an integer'],
    [`${TOKENS}&limit=%zz`, 422, 'limit is not an integer'],
    [`${TOKENS}&page=1&page=2`, 422, 'page is repeated'],
    [`${TOKENS}&contract_address=0x1`, 422, 'contract_address is malformed'],
    [`${TOKENS}&contract_address=${A},0x1`, 422, 'contract_address is malformed'],
    [`${TOKENS}&contract_address=${list(101)}`, 422, 'contract_address has more than 100 items'],
    [`/v1/account/balance?chain_id=1&address=${A}&to_block=-1`, 422, 'to_block is malformed'],
    [`/v1/account/balance?chain_id=1&address=${A}&to_block=0x10`, 422, 'to_block is malformed'],
    [`/v1/account/balance?chain_id=1&address=${A}&to_block=${'9'.repeat(16)}`, 422, 'to_block is malformed'],
    ['/v1/token/metadata?chain_id=1', 400, 'contract_address is required'],
    [`/v1/token/metadata?chain_id=1&contract_address=${A}`, 404, 'contract_address is not a token'],
    [`/v1/token/price?chain_id=1&contract_address=${A}`, 404, 'contract_address is not a token'],
    [`/v1/token/transfers?chain_id=1&contract_address=${A}&from_block=x`, 422, 'from_block is not an integer'],
    [`/v1/token/transfers?chain_id=1&contract_address=${A}&from_block=-1`, 422, 'from_block out of range'],
    [
      `/v1/token/transfers?chain_id=1&contract_address=${A}&from_block=9&to_block=8`,
      422,
      'from_block is greater than to_block',
    ],
    [
      `/v1/token/transfers?chain_id=1&contract_address=${A}&from_block=${'9'.repeat(30)}&to_block=0`,
      422,
      'from_block is greater than to_block',
    ],
    [
      `/v1/token/transfers?chain_id=1&contract_address=${A}&from_timestamp=1700000001&end_timestamp=1700000000`,
      422,
      'from_timestamp is greater than end_timestamp',
    ],
    [`/v1/token/price?chain_id=${'9'.repeat(78)}&contract_address=${A}`, 400, 'chain_id is not supported'],
    [`/v1/token/price?chain_id=${'9'.repeat(2_000)}&contract_address=${A}`, 422, 'chain_id is malformed'],
    ['/v1/account/nothing', 404, 'Not found'],
    ['/v1/account/', 404, 'Not found'],
    ['/v1/account', 404, 'Not found'],
    ['/v1/token/x/y/z', 404, 'Not found'],
    ['/v1/account/%zz', 400, 'Bad request'],
    [`${TOKENS}&x=${'y'.repeat(16_384)}`, 414, 'URL is too long'],
  ])('%.90s is %i %s', async (path, status, message) => {
    expectError(await server.call(path, withKey()), status, message)
  })
})

test('a range of one block and one second is valid', async () => {
  const range = 'from_block=8&to_block=8&from_timestamp=9&end_timestamp=9'
  const answer = await server.call(`/v1/token/transfers?chain_id=1&contract_address=${COIN}&${range}`, withKey())
  expect(answer.status).toBe(200)
})

describe('keys', () => {
  test('a missing key is 401, an unknown one 403', async () => {
    expectError(await server.call(TOKENS), 401, KEY_MISSING)
    expectError(await server.call(TOKENS, withKey('')), 401, KEY_MISSING)
    for (const bad of ['demo', 'x', `${key}x`, `${key.slice(0, 9)}${'a'.repeat(43)}`, `${key}, ${key}`]) {
      expectError(await server.call(TOKENS, withKey(bad)), 403, 'API key is invalid')
    }
  })

  test('both key headers work; a client cannot set the request id', async () => {
    for (const header of ['x-api-key', 'api-key', 'X-API-KEY']) {
      const answer = await server.call(TOKENS, { headers: { [header]: key, 'x-request-id': 'mine' } })
      expect(answer.status).toBe(200)
      expect(answer.headers.get('x-request-id')).not.toBe('mine')
    }
  })

  test.each([
    [{ scopes: ['write'] }, {}],
    [{ expiresAt: NOW }, {}],
    [{ ips: ['192.0.2.1'] }, {}],
    [{ ips: ['192.0.2.1'] }, { 'x-forwarded-for': '192.0.2.1' }],
    [{ origins: ['https://app.example'] }, { origin: 'https://evil.example', 'x-origin': 'https://app.example' }],
  ] as const)('%j is 403', async (request, headers) => {
    const made = createKey({ name: 'other', createdAt: NOW, ...request })
    await store.put(made.stored)
    const answer = await server.call(TOKENS, { headers: { ...headers, 'x-api-key': made.raw } })
    expectError(answer, 403, 'API key is invalid')
  })

  test('X-Origin may give the allowed origin, and a trusted proxy the address', async () => {
    const made = createKey({ name: 'other', createdAt: NOW, origins: ['https://app.example'], ips: ['192.0.2.1'] })
    const deps = await fakeDeps(WORLD)
    await deps.store.put(made.stored)
    const behindProxy = await listen(createServer({ ...deps, trustProxy: ['127.0.0.1'] }))
    const headers = { 'x-api-key': made.raw, 'x-origin': 'https://app.example' }
    const call = (forwarded: string) =>
      behindProxy.call(TOKENS, { headers: { ...headers, 'x-forwarded-for': forwarded } })
    const statuses = [await call('192.0.2.1'), await call('192.0.2.2'), await call('unknown')].map(
      ({ status }) => status,
    )
    await behindProxy.close()
    expect(statuses).toEqual([200, 403, 403])
  })

  test('the key is checked before the parameters', async () => {
    expectError(await server.call('/v1/account/tokens'), 401, KEY_MISSING)
  })
})

describe('failures behind the API', () => {
  async function answerOf(balances: Partial<Balances>, path = TOKENS): Promise<Answered> {
    const deps = await fakeDeps(WORLD)
    const broken = await listen(createServer({ ...deps, balances: { ...fakeBalances(WORLD), ...balances } }))
    const answer = await broken.call(path, withKey(deps.key))
    await broken.close()
    return answer
  }
  const failing = (error: Error) => ({ account: () => Promise.reject(error) })

  test('a bug is a generic 500 without details', async () => {
    const error = Object.assign(new TypeError('secret of postgres://user:pass@host'), { code: 'FST_ERR_NOT_FOUND' })
    expectError(await answerOf(failing(error)), 500, 'Internal server error')
  })

  test('an answer that does not fit its schema is a bug', async () => {
    const answer = await answerOf({ account: async () => ({ rows: [], count: Number.NaN, asOf: asOf() }) })
    expectError(answer, 500, 'Internal server error')
  })

  test.each(['STORE_UNAVAILABLE', 'NODE_TIMEOUT', 'ABORTED', 'UNAVAILABLE'] as const)('%s is 503', async (code) => {
    expectError(await answerOf(failing(new ServiceError(code, 'Service unavailable'))), 503, 'Service unavailable')
  })

  test('an error that is not exposable is a generic 500', async () => {
    const error = new ServiceError('NODE_REFUSED', 'https://node/key refused')
    expectError(await answerOf(failing(error)), 500, 'Internal server error')
  })

  test('before the first block a list is 503, not empty', async () => {
    const empty = async () => ({ rows: [], count: 0, asOf: undefined })
    const balances = {
      account: async () => ({ rows: [], count: 0, asOf: undefined }),
      holders: empty,
      transfers: empty,
    }
    for (const path of [
      TOKENS,
      ...['holders', 'transfers'].map((name) => `/v1/token/${name}?chain_id=1&contract_address=${A}`),
    ]) {
      expectError(await answerOf(balances, path), 503, 'nothing is indexed yet')
    }
  })

  test('an unknown native balance is 503, never 0', async () => {
    const get = async () => [unknown('node_unavailable')]
    expectError(await answerOf({ get }, `/v1/account/balance?chain_id=1&address=${A}`), 503, 'balance is not known')
    const path = `/v1/token/metadata?chain_id=1&contract_address=${A}`
    expectError(await answerOf({ get }, path), 503, 'Service unavailable')
  })

  test('listed contracts without any answer are 503; if one is known, the others are left out', async () => {
    const path = `${TOKENS}&contract_address=${A},${B}`
    const silent = unknown('node_unavailable')
    expectError(await answerOf({ get: async () => [silent, silent] }, path), 503, 'Service unavailable')
    const dead = unknown('token_does_not_answer')
    const none = await answerOf({ get: async () => [dead, dead] }, path)
    expect(JSON.parse(none.body)).toMatchObject({ data: [], count: 0 })
    const one = await answerOf({ get: async () => [silent, known(7n)] }, path)
    expect(JSON.parse(one.body)).toMatchObject({ data: [{ contract_address: B, balance: '0x7' }], count: 1 })
  })

  test('a token with unread facts is 503, not "no token", unless its address has no code', async () => {
    const path = `/v1/token/metadata?chain_id=1&contract_address=${A}`
    const statusOf = async (facts: object, balance: Balance): Promise<number> => {
      const deps = await fakeDeps(WORLD)
      const balances = { ...fakeBalances(WORLD), get: async () => [balance] }
      const other = await listen(createServer({ ...deps, balances, tokens: fakeTokens([token(A, facts)]) }))
      const { status } = await other.call(path, withKey(deps.key))
      await other.close()
      return status
    }
    const silent = { name: undefined, symbol: undefined, decimals: undefined, totalSupply: undefined }
    expect(await statusOf({ ...silent, unread: true }, unknown('token_does_not_answer'))).toBe(503)
    expect(await statusOf({ ...silent, unread: true }, unknown('not_a_token'))).toBe(404)
    expect(await statusOf(silent, unknown('token_does_not_answer'))).toBe(404)
  })

  test('a configured price is returned even if nothing else is known of the token and the node fails', async () => {
    const price = { units: 15n, places: 1, text: '1.5', source: 'static', updatedAt: NOW } as const
    const deps = await fakeDeps(WORLD)
    const silent = { ...fakeBalances(WORLD), get: async () => [unknown('node_unavailable')] }
    const other = await listen(createServer({ ...deps, balances: silent, tokens: fakeTokens([token(A, { price })]) }))
    const { body } = await other.call(`/v1/token/price?chain_id=1&contract_address=${A}`, withKey(deps.key))
    await other.close()
    expect(JSON.parse(body)).toMatchObject({ code: 0, data: { price: 1.5, symbol: '', source: 'static' } })
  })

  test('a rate limit is reported as 429', () => {
    expect(renderError({ code: 'TOO_MANY_REQUESTS', message: 'Too many requests' })).toEqual({
      status: 429,
      body: { code: 429, message: 'Too many requests', error: 'Too many requests' },
    })
  })
})
