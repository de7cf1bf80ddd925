/** What TokenKit's paths do on the wire whatever the call: methods, slashes, bodies, CORS, and paths that are not built. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createServer, type ServerOptions } from '../../src/api/create-server.ts'
import { LIMITS } from '../../src/api/http/limits.ts'
import { ServiceError } from '../../src/core/errors.ts'
import { listen, type Served } from './chainbase-client.ts'
import { address, asOf, DIALECTS, ETHEREUM, erc20, fakeDeps, known, token, type World } from './chainbase-fakes.ts'

const [ACCOUNT, TOKEN] = [address('a'), address('b')]
const WORLD: World = {
  held: [{ asset: erc20(TOKEN), balance: known(5n) }],
  unindexed: new Map(),
  tokens: [token(TOKEN, { decimals: 0 })],
  holders: [],
  transfers: [],
}
/** The past of a chain without transfers. */
const HISTORY: ServerOptions['history'] = {
  changes: async () => ({ rows: [], asOf: asOf() }),
  transfers: async () => ({ rows: [], count: 0, asOf: asOf() }),
  blockAt: async () => undefined,
}

async function serve(other: Partial<ServerOptions> = {}): Promise<Served & { readonly key: string }> {
  const dialects = { ...DIALECTS, tokenkit: { ...DIALECTS.tokenkit, chain: ETHEREUM } }
  const finder = { search: async () => ({ rows: [], more: false }) }
  const deps = await fakeDeps(WORLD, { dialects, history: HISTORY, finder, ...other })
  return { ...(await listen(createServer(deps))), key: deps.key }
}

let server: Served & { readonly key: string }
beforeAll(async () => {
  server = await serve()
})
afterAll(() => server.close())

/** The calls that read, with a query that each of them answers. */
const GETS = [
  ['/api/balance', `account_address=${ACCOUNT}&token_address=${TOKEN}`],
  ['/api/account-balances', `account_address=${ACCOUNT}`],
  ['/api/balance-history', `account_address=${ACCOUNT}&token_address=${TOKEN}&start_time=2024-01-01`],
  ['/api/portfolio', `account_address=${ACCOUNT}`],
  ['/api/portfolio-history', `account_address=${ACCOUNT}&start_time=2024-05-01`],
  ['/api/transfers', `token=${TOKEN}`],
  ['/api/tokens', 'limit=5'],
  ['/api/price', `token_address=${TOKEN}`],
  ['/api/price-at', `token_address=${TOKEN}&at_time=2024-01-01`],
  ['/api/indexer/progress', ''],
] as const
const POSTS = ['/api/balances', '/api/users/auth/login', '/api/users/auth/create-api-key']
const PATHS = [...GETS.map(([path]) => path), ...POSTS]

describe('GET and HEAD', () => {
  test.each(GETS)('%s answers with and without a slash, and HEAD has the same headers', async (path, query) => {
    const headers = { 'api-key': server.key }
    const [plain, slash] = [`${path}?${query}`, `${path}/?${query}`]
    const first = await server.call(plain, { headers })
    expect([first.status, JSON.parse(first.body)]).toEqual([200, expect.anything()])
    expect((await server.call(slash, { headers })).body).toBe(first.body)
    for (const url of [plain, slash]) {
      const head = await server.call(url, { method: 'HEAD', headers })
      expect([head.status, head.body]).toEqual([200, ''])
      for (const name of ['content-type', 'content-length', 'balance-as-of', 'access-control-allow-origin'])
        expect(head.headers.get(name), name).toBe(first.headers.get(name))
      const keyless = await server.call(url, { method: 'HEAD' })
      expect([keyless.status, keyless.body]).toEqual([401, ''])
    }
  })
})

describe('other methods', () => {
  const refused = JSON.stringify({ success: false, error: 'Method not allowed' })

  test.each(PATHS)('of %s are 405 with Allow, without a key', async (path) => {
    const isPost = POSTS.includes(path)
    const [allow, others] = isPost
      ? ['OPTIONS, POST', ['GET', 'PUT', 'PATCH', 'DELETE']]
      : ['GET, HEAD, OPTIONS', ['POST', 'PUT', 'PATCH', 'DELETE']]
    for (const url of [path, `${path}/`]) {
      for (const method of others) {
        const answer = await server.call(url, { method, ...(method === 'GET' ? {} : { body: 'x' }) })
        expect([answer.status, answer.headers.get('allow'), answer.body]).toEqual([405, allow, refused])
      }
      const options = await server.call(url, { method: 'OPTIONS' })
      expect([options.status, options.headers.get('allow'), options.body]).toEqual([204, allow, ''])
    }
  })
})

describe('bodies', () => {
  const post = (path: string, body: string, headers: Readonly<Record<string, string>>) =>
    server.call(path, { method: 'POST', body, headers: { 'api-key': server.key, ...headers } })
  const JSON_TYPE = { 'content-type': 'application/json' }

  test.each(POSTS.flatMap((path) => [path, `${path}/`]))('of %s have a size and a type', async (path) => {
    const large = await post(path, 'x'.repeat(LIMITS.bodyBytes + 1), JSON_TYPE)
    expect([large.status, large.body]).toEqual([413, '{"success":false,"error":"Body is too large"}'])
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp', 'nonsense']) {
      const answer = await post(path, '{}', { 'content-type': type })
      expect([answer.status, answer.body], type).toEqual([
        415,
        '{"success":false,"error":"Body must be application/json"}',
      ])
      expect(answer.headers.get('access-control-allow-origin')).toBe('*')
    }
    const packed = await post(path, '{}', { ...JSON_TYPE, 'content-encoding': 'gzip' })
    expect([packed.status, packed.headers.get('accept-encoding')]).toEqual([415, 'identity'])
    const utf8 = await post(path, '{', { 'content-type': 'application/json; charset=utf-8' })
    expect([utf8.status, utf8.body]).toEqual([400, '{"success":false,"error":"Body is not valid JSON"}'])
  })
})

describe('CORS', () => {
  test.each(PATHS.flatMap((path) => [path, `${path}/`]))('a page may call %s with its headers', async (path) => {
    const method = POSTS.includes(path.replace(/\/$/, '')) ? 'POST' : 'GET'
    const wanted = ['api-key', 'authorization', 'content-type', 'x-origin']
    const preflight = await server.call(path, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://wallet.example',
        'access-control-request-method': method,
        'access-control-request-headers': wanted.join(','),
      },
    })
    expect([preflight.status, preflight.body]).toEqual([204, ''])
    const allowed = (name: string) => preflight.headers.get(`access-control-allow-${name}`)?.split(', ')
    expect([allowed('origin'), allowed('methods')]).toEqual([['*'], expect.arrayContaining([method])])
    expect(allowed('headers')).toEqual(expect.arrayContaining(wanted))
    expect(preflight.headers.get('access-control-max-age')).toBe('86400')
    expect(preflight.headers.get('access-control-allow-credentials')).toBeNull()
  })
})

describe('calls of the vendor that are not built', () => {
  test.each(['price-history', 'track-transfers', 'webhooks'])('%s say so', async (name) => {
    const body = JSON.stringify({ success: false, error: `${name} is not built in this version of Steelyard` })
    for (const path of [`/api/${name}`, `/api/${name}/`, `/api/${name}/0x1/`, `/api/${name}?x=1`]) {
      for (const method of ['GET', 'POST', 'DELETE']) {
        const init = method === 'POST' ? { method, body: 'x', headers: { 'content-type': 'text/plain' } } : { method }
        const answer = await server.call(path, init)
        expect([answer.status, answer.body], `${method} ${path}`).toEqual([404, body])
      }
      expect((await server.call(path, { method: 'HEAD' })).status).toBe(404)
    }
    const unlike = await server.call(`/api/${name}s`)
    expect([unlike.status, unlike.body]).toEqual([404, '{"success":false,"error":"Not found"}'])
  })
})

test('a search that is too large is 400 and names the parameter that was given', async () => {
  const tooMany = () => Promise.reject(new ServiceError('BAD_REQUEST', 'more than 9 rows: narrow it'))
  const other = await serve({ history: { changes: tooMany, transfers: tooMany, blockAt: async () => undefined } })
  for (const [path, parameter] of [
    [`/api/transfers/?from_address=${ACCOUNT}&to_account=${TOKEN}`, 'from_address'],
    [`/api/transfers/?account_address=${ACCOUNT}`, 'account_address'],
    [`/api/balance-history/?account_address=${ACCOUNT}&token_address=${TOKEN}&start_time=2024-01-01`, 'start_time'],
  ]) {
    const answer = await other.call(String(path), { headers: { 'api-key': other.key } })
    expect([answer.status, JSON.parse(answer.body)]).toEqual([
      400,
      { success: false, error: `${parameter}: More than 9 rows: narrow it.` },
    ])
  }
  await other.close()
})

test('while the store cannot be read, progress is 503 as the other calls are', async () => {
  const failing = () => Promise.reject(new ServiceError('STORE_UNAVAILABLE', 'the file cannot be opened'))
  const other = await serve({ history: { changes: failing, transfers: failing, blockAt: failing } })
  for (const path of ['/api/indexer/progress/', `/api/transfers/?token=${TOKEN}`]) {
    const answer = await other.call(path, { headers: { 'api-key': other.key } })
    expect([answer.status, answer.body]).toEqual([503, '{"success":false,"error":"Service unavailable"}'])
    expect(answer.headers.get('retry-after')).toBe('5')
  }
  await other.close()
})
