import { readFileSync } from 'node:fs'
import { Writable } from 'node:stream'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { listen, type Served, sendRaw } from '../../../test/conformance/chainbase-client.ts'
import {
  address,
  asOf,
  chain,
  clock,
  DIALECTS,
  fakeBalances,
  fakeDeps,
  NOW,
  type World,
} from '../../../test/conformance/chainbase-fakes.ts'
import { VERSION } from '../../app/version.ts'
import { createServer, type ServerOptions } from '../create-server.ts'
import type { ServedChain } from './deps.ts'

const WORLD: World = { held: [], unindexed: new Map(), tokens: [], holders: [], transfers: [] }
const PATH = `/v1/account/tokens?chain_id=1&address=${address('a')}`

async function serve(other: Partial<ServerOptions> = {}): Promise<Served & { readonly key: string }> {
  const deps = await fakeDeps(WORLD, other)
  return { ...(await listen(createServer(deps))), key: deps.key }
}

let server: Served & { readonly key: string }
beforeAll(async () => {
  server = await serve()
})
afterAll(() => server.close())

describe('methods', () => {
  test.each(['POST', 'PUT', 'PATCH', 'DELETE'])(
    '%s is 405 with Allow, without a key and with any body',
    async (method) => {
      for (const path of [PATH, '/v1/account/tokens/', '/v1/token/price']) {
        const answer = await server.call(path, { method, body: 'x', headers: { 'content-type': 'text/plain' } })
        expect([answer.status, answer.headers.get('allow'), answer.body]).toEqual([
          405,
          'GET, HEAD, OPTIONS',
          '{"code":405,"message":"Method not allowed","error":"Method not allowed"}',
        ])
      }
    },
  )

  test('paths outside the dialects use our own format', async () => {
    const post = await server.call('/health', { method: 'POST' })
    expect([post.status, post.headers.get('allow'), post.body]).toEqual([
      405,
      'GET, HEAD, OPTIONS',
      '{"error":"Method not allowed"}',
    ])
    for (const path of ['/index.html', '/nothing', '/v1/accounts', '/v1', '/health/x', '/v1/tokens/x']) {
      const answer = await server.call(path)
      expect([answer.status, answer.body]).toEqual([404, '{"error":"Not found"}'])
    }
  })

  test('an unknown path is 404 for any method and body', async () => {
    const answer = await server.call('/v1/account/nope', {
      method: 'POST',
      body: '{',
      headers: { 'content-type': 'x/y' },
    })
    expect([answer.status, answer.body]).toEqual([404, '{"code":404,"message":"Not found","error":"Not found"}'])
  })

  test('HEAD has the headers of GET and no body', async () => {
    const headers = { 'x-api-key': server.key }
    const [get, head] = [await server.call(PATH, { headers }), await server.call(PATH, { method: 'HEAD', headers })]
    expect([head.status, head.body]).toEqual([200, ''])
    for (const name of ['content-length', 'content-type', 'balance-as-of']) {
      expect(head.headers.get(name)).toBe(get.headers.get(name))
    }
  })

  test('TRACE is 405, an unknown method 400', async () => {
    expect(await sendRaw(server.port, `TRACE ${PATH} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 405 /,
    )
    expect(await sendRaw(server.port, `BREW ${PATH} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 400 /,
    )
  })

  test('a body on GET is ignored', async () => {
    const body = 'x'.repeat(50)
    const request = `GET ${PATH} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nx-api-key: ${server.key}\r\nContent-Length: 50\r\n\r\n${body}`
    expect(await sendRaw(server.port, request)).toMatch(/^HTTP\/1\.1 200 /)
  })
})

describe('other origins', () => {
  const preflight = { origin: 'https://app.example', 'access-control-request-method': 'GET' }

  test('a preflight is 204 without a key, also for a path that does not exist', async () => {
    const answer = await server.call(PATH, { method: 'OPTIONS', headers: preflight })
    expect(answer.status).toBe(204)
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'GET, HEAD, OPTIONS',
      'access-control-allow-headers': 'x-api-key, api-key, authorization, content-type, idempotency-key, x-origin',
      'access-control-max-age': '86400',
    })
    expect(answer.headers.get('access-control-allow-credentials')).toBeNull()
    expect((await server.call('/nope', { method: 'OPTIONS', headers: preflight })).status).toBe(204)
  })

  test('OPTIONS without a preflight is 204 with Allow', async () => {
    const answer = await server.call(PATH, { method: 'OPTIONS' })
    expect([answer.status, answer.headers.get('allow')]).toEqual([204, 'GET, HEAD, OPTIONS'])
  })

  test('any page may read any answer', async () => {
    for (const path of [PATH, '/nope', '/health', '/docs', '/%zz', '/metrics']) {
      const { headers } = await server.call(path)
      expect(headers.get('access-control-allow-origin')).toBe('*')
      expect(headers.get('access-control-expose-headers')).toContain('X-Request-Id')
      expect(headers.get('x-request-id')).toMatch(/^[0-9a-f]{12}-/)
    }
  })
})

describe('health', () => {
  test('reports the state of every chain', async () => {
    const answer = await server.call('/health')
    expect(answer.status).toBe(200)
    const block = { number: 123, hash: `0x${'ab'.repeat(32)}` }
    expect(JSON.parse(answer.body)).toEqual({
      status: 'ok',
      version: '0.0.0',
      chains: [
        {
          id: 'eip155:1',
          kind: 'evm',
          state: 'live',
          head: 123,
          checkpoint: block,
          finalized: block,
          lag_seconds: 0,
          head_age_seconds: 12,
          transfers: 7,
        },
      ],
    })
  })

  test('keeps answering with failing chains, and reports their errors', async () => {
    const other = await serve({
      chains: [
        chain('eip155:1', async () =>
          clock({ state: 'stopped', error: 'the node is on another chain', head: undefined }),
        ),
        chain('eip155:2', () => Promise.reject(new Error('disk'))),
        chain('eip155:3', async () => clock({ beatAt: NOW - 61, wasReady: false, published: undefined })),
      ],
    })
    const [health, ready] = [await other.call('/health'), await other.call('/ready/')]
    await other.close()
    expect(health.status).toBe(200)
    expect(JSON.parse(health.body)).toMatchObject({
      status: 'degraded',
      chains: [
        { state: 'stopped', error: 'the node is on another chain' },
        { id: 'eip155:2', state: 'unknown', error: 'the store cannot be read' },
        { error: 'the indexer has not reported for 61 s' },
      ],
    })
    expect(health.body).not.toContain('disk')
    expect([ready.status, ready.body]).toEqual([503, '{"ready":false}'])
  })

  test('allows an indexer with rare polls three of them without a heartbeat', async () => {
    const silentFor = (seconds: number): ServedChain => ({
      ...chain('eip155:1', async () => clock({ beatAt: NOW - seconds })),
      pollMs: 30_000,
    })
    const other = await serve({ chains: [silentFor(90), silentFor(91)] })
    const { body } = await other.call('/health')
    await other.close()
    expect(JSON.parse(body)).toMatchObject({
      chains: [{ state: 'live' }, { state: 'degraded', error: 'the indexer has not reported for 91 s' }],
    })
  })

  test('is ready once all chains were ready', async () => {
    const answer = await server.call('/ready')
    expect([answer.status, answer.body]).toEqual([200, '{"ready":true}'])
  })
})

test('metrics count answers by route and status, and unknown paths under one label', async () => {
  const other = await serve({ metrics: new Registry() })
  for (const path of [PATH, '/a', '/b', '/v1/token/zzz']) await other.call(path)
  const { body } = await other.call('/metrics')
  await other.close()
  expect(body).toContain('steelyard_http_requests_total{route="/v1/account/tokens",status="401"} 1')
  expect(body).toContain('steelyard_http_requests_total{route="unmatched",status="404"} 3')
  expect(body).not.toContain('zzz')
})

test('a bug is logged with the request id that the caller got', async () => {
  const lines: string[] = []
  const sink = new Writable({
    write: (chunk, _encoding, done) => {
      lines.push(String(chunk))
      done()
    },
  })
  const log = pino(sink)
  const account = () => Promise.reject(new TypeError('the very cause'))
  const deps = await fakeDeps(WORLD, { log, balances: { ...fakeBalances(WORLD), account } })
  const other = await listen(createServer(deps))
  const answer = await other.call(PATH, { headers: { 'x-api-key': deps.key } })
  await other.call('/nope')
  await other.close()
  const about = lines.filter((line) => line.includes('the very cause'))
  expect(about).toHaveLength(1)
  expect(about[0]).toContain(String(answer.headers.get('x-request-id')))
  expect(lines.filter((line) => line.includes('nope'))).toEqual([])
})

test('a running request can finish during close', async () => {
  let started = () => {}
  const running = new Promise<void>((resolve) => (started = resolve))
  let finish = () => {}
  const held = new Promise<void>((resolve) => (finish = resolve))
  const account = async () => {
    started()
    await held
    return { rows: [], count: 0, asOf: asOf() }
  }
  const other = await serve({ balances: { ...fakeBalances(WORLD), account } })
  const answer = other.call(PATH, { headers: { 'x-api-key': other.key } })
  await running
  const closed = other.close()
  finish()
  expect((await answer).status).toBe(200)
  await closed
  await expect(other.call('/health')).rejects.toThrow()
})

describe('a disabled dialect', () => {
  test('owns no path', async () => {
    const off = <T extends object>(settings: T): T => ({ ...settings, enabled: false })
    const { abcLabs, chainbase, cobo, spacescan, tokenkit } = DIALECTS
    const dialects = { abcLabs: off(abcLabs), chainbase: off(chainbase), cobo: off(cobo), spacescan: off(spacescan) }
    const other = await serve({ dialects: { ...dialects, tokenkit: off(tokenkit) } })
    const { body } = await other.call('/openapi.json')
    for (const path of [PATH, '/api/tokens/balance', '/tokens', '/address/xch-balance/x', '/api/v1/ping']) {
      const call = await other.call(path)
      expect([call.status, call.body]).toEqual([404, '{"error":"Not found"}'])
    }
    await other.close()
    expect(body).not.toMatch(/\/v1\/|\/api\/|\/token/)
  })
})

test('the page at / needs no key, is not cached, loads nothing and runs nothing', async () => {
  const answer = await server.call('/')
  expect(answer.status).toBe(200)
  expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8')
  expect(answer.headers.get('cache-control')).toBe('no-store')
  expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'")
  expect(answer.body).not.toMatch(/<script|<link|<img|src=|@import|url\(/)
  const { chains } = JSON.parse((await server.call('/health')).body)
  expect(chains.length).toBeGreaterThan(0)
  for (const { id } of chains) expect(answer.body).toContain(id)
  const head = await server.call('/', { method: 'HEAD' })
  expect([head.status, head.body]).toEqual([200, ''])
  expect((await server.call('/', { method: 'POST' })).status).toBe(405)
})

describe('documentation', () => {
  test('the committed document equals the served one', async () => {
    const other = await serve({ version: VERSION })
    const answer = await other.call('/openapi.json')
    await other.close()
    expect(answer.body).toBe(readFileSync(new URL('../../../docs/openapi.json', import.meta.url), 'utf8'))
  })

  test('the page loads nothing, runs nothing and escapes its values', async () => {
    const answer = await server.call('/docs')
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(answer.body).not.toMatch(/<script|<link|<img|src=|@import|url\(/)
    expect(answer.body).toContain('/v1/account/tokens?chain_id=1&amp;address=0x')
    const evil = await sendRaw(server.port, 'GET /docs HTTP/1.1\r\nHost: "><b>x\r\nConnection: close\r\n\r\n')
    expect(evil).not.toContain('<b>x')
  })
})
