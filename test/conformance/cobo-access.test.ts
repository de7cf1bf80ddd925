import { describe, expect, test } from 'vitest'
import { ServiceError } from '../../src/core/errors.ts'
import { NOW } from './chainbase-fakes.ts'
import { closedAfterEach } from './closed-after-each.ts'
import { wallet } from './cobo-fakes.ts'
import { serveCobo } from './cobo-server.ts'

const BALANCES = '/api/v1/wallets/balances'
const MINE = wallet('1')
const OTHERS = wallet('2', { principal: 'other' })

const serve = closedAfterEach((...[world, settings, other]: Parameters<typeof serveCobo>) => {
  return serveCobo({ wallets: [MINE, OTHERS], ...world }, settings, other)
})

const failed = (error: unknown) => ({ success: false, error, suggestion: '' })

describe('callers', () => {
  test('without a key, all but ping is 401', async () => {
    const server = await serve()
    const { status, json, headers } = await server.send(BALANCES, { key: null })
    expect([status, json]).toEqual([401, failed('API key is missing: send it as X-API-Key')])
    expect(headers.get('www-authenticate')).toBe('api-key realm="cobo"')
    expect((await server.send('/api/v1/ping', { key: null })).json).toEqual({
      result: { status: 'ok', timestamp: '2024-05-01T00:00:00Z' },
      success: true,
      suggestion: '',
      message: '',
      meta: null,
    })
  })

  test('the anonymous principal may read, and nothing else; an invalid key is never anonymous', async () => {
    const server = await serve({}, { anonymous: 'other' })
    const listed = await server.send('/api/v1/wallets', { key: null })
    expect([listed.status, listed.body.includes(OTHERS.uuid), listed.body.includes(MINE.uuid)]).toEqual([
      200,
      true,
      false,
    ])
    const writes = [
      ['POST', '/api/v1/wallets'],
      ['PATCH', `/api/v1/wallets/${OTHERS.uuid}`],
      ['POST', `/api/v1/wallets/${OTHERS.uuid}/addresses`],
      ['POST', `/api/v1/wallets/${OTHERS.uuid}/holds`],
      ['DELETE', `/api/v1/wallets/${OTHERS.uuid}/holds/${OTHERS.uuid}`],
      ['POST', '/api/v1/api-keys'],
      ['GET', '/api/v1/api-keys'],
      ['DELETE', '/api/v1/api-keys/00000000'],
    ] as const
    for (const [method, path] of writes)
      expect([path, (await server.send(path, { method, key: null })).status]).toEqual([path, 401])
    for (const key of ['x', 'null', `${'a'.repeat(8)}.${'b'.repeat(43)}`, '\t']) {
      const { status, json } = await server.send(BALANCES, { key })
      expect([key, status, json]).toEqual([
        key,
        key === '\t' ? 200 : 401,
        key === '\t' ? expect.anything() : failed('API key is invalid'),
      ])
    }
  })

  test('a valid key without the scope is 403 with a code', async () => {
    const server = await serve()
    const reader = await server.keyOf({ scopes: ['wallet:read'] })
    const writer = await server.keyOf({ scopes: ['wallet:write'] })
    const denied = (scope: string) =>
      failed({ code: 'INSUFFICIENT_PERMISSION', reason: `The API key does not have the scope ${scope}`, details: {} })
    const body = { wallet_type: 'MPC', name: 'a' }
    for (const [key, method, path, scope] of [
      [reader, 'POST', '/api/v1/wallets', 'wallet:write'],
      [writer, 'GET', BALANCES, 'wallet:read'],
      [writer, 'GET', '/api/v1/api-keys', 'admin'],
      [reader, 'DELETE', '/api/v1/api-keys/00000000', 'admin'],
    ] as const) {
      const { status, json } = await server.send(path, { method, key, ...(method === 'POST' ? { body } : {}) })
      expect([path, status, json]).toEqual([path, 403, denied(scope)])
    }
    expect((await server.send('/api/v1/wallets', { method: 'POST', key: writer, body })).status).toBe(201)
    expect((await server.send(BALANCES, { key: reader })).status).toBe(200)
  })

  test('keys of the operator read and write wallets, and wallet keys do nothing in other dialects', async () => {
    const server = await serve()
    const read = await server.keyOf({ scopes: ['read'] })
    const custody = await server.keyOf({ scopes: ['wallet:read', 'wallet:write'] })
    expect((await server.send(BALANCES, { key: read })).status).toBe(200)
    const tokens = `/v1/account/tokens?chain_id=1&address=0x${'1'.repeat(40)}`
    expect([
      (await server.send(tokens, { key: read })).status,
      (await server.send(tokens, { key: custody })).status,
    ]).toEqual([200, 403])
  })

  test('an expired key is 401', async () => {
    const server = await serve()
    const key = await server.keyOf({ scopes: ['*'], expiresAt: NOW })
    const { status, json } = await server.send(BALANCES, { key })
    expect([status, json]).toEqual([401, failed('API key is invalid')])
  })
})

describe('failures of the server', () => {
  test('a store that is down is 503, and a bug is 500 without a word about it', async () => {
    for (const [error, status, says] of [
      [new ServiceError('STORE_UNAVAILABLE', '/secret/steelyard.db'), 503, 'Service unavailable'],
      [new Error('secret'), 500, 'Internal server error'],
    ] as const) {
      const server = await serve({
        failing: () => {
          throw error
        },
      })
      const answer = await server.send(BALANCES)
      expect([answer.status, answer.json]).toEqual([status, failed(says)])
      expect(answer.headers.get('retry-after')).toBe(status === 503 ? '5' : null)
    }
  })

  test('no chain is an empty list', async () => {
    const server = await serve({}, {}, { chains: [] })
    for (const path of [BALANCES, '/api/v1/wallets/transactions']) {
      expect((await server.send(path)).json).toMatchObject({ result: [], success: true })
    }
    expect((await server.send('/api/v1/metadata/chains')).json).toMatchObject({
      result: { data: [], pagination: { total_count: 0 } },
    })
  })
})
