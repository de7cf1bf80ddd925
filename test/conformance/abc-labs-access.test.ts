import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newPlace } from '../store/engines.ts'
import { errorBody, type LedgerServer, makeKey, serveLedger } from './abc-labs-server.ts'
import { sendRaw } from './chainbase-client.ts'

const place = await newPlace()
const places = [place]
afterAll(async () => {
  for (const one of places) await one.end()
})

const ASSET = { asset_id: 'A' }
const WRITES = ['/api/tokens/mint', '/api/tokens/transfer', '/api/tokens/burn', '/api/assets', '/api/wallets']
const READS = ['/api/tokens/balance?asset_id=A&wallet_address=w', '/api/tokens/transactions', '/api/assets']
const FORBIDDEN_ORIGIN = errorBody(403, 'FORBIDDEN', 'Origin is not allowed')

/** The preflight that a browser sends before a page's POST of JSON. */
const preflight = (origin: string, method = 'POST') => ({
  method: 'OPTIONS',
  headers: {
    origin,
    'access-control-request-method': method,
    'access-control-request-headers': 'content-type,idempotency-key',
  },
})

const KEY_MISSING = 'API key is missing: send it as x-api-key; "steelyard keys create" makes one'

describe('without keys, a page of another origin', () => {
  let server: LedgerServer
  beforeAll(async () => {
    server = await serveLedger(place)
  })
  afterAll(() => server.stop())

  test.each(WRITES)('may not POST to %s: no preflight is allowed, for any method', async (path) => {
    for (const [url, method] of [
      [path, 'POST'],
      [`${path}/`, 'POST'],
      [path, 'GET'],
      [path, 'DELETE'],
    ] as const) {
      const answer = await server.call(url, preflight('https://evil.example', method))
      expect([answer.status, answer.json]).toEqual([403, FORBIDDEN_ORIGIN])
      expect(answer.headers.get('access-control-allow-methods')).toBeNull()
      expect(answer.headers.get('access-control-allow-headers')).toBeNull()
    }
  })

  test('cannot write without a preflight: forms, plain text, no type, or a host name that points here', async () => {
    const body = JSON.stringify(ASSET)
    for (const origin of ['https://evil.example', 'null', server.url, 'http://rebound.example']) {
      for (const type of [
        'text/plain',
        'application/x-www-form-urlencoded',
        'multipart/form-data',
        'application/json',
      ]) {
        const { status, json } = await server.post('/api/assets', body, { origin, 'content-type': type })
        expect([status, json]).toEqual([403, FORBIDDEN_ORIGIN])
      }
    }
    const head =
      'POST /api/assets HTTP/1.1\r\nHost: rebound.example\r\nOrigin: http://rebound.example\r\nConnection: close'
    const rebound = `${head}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
    expect(await sendRaw(Number(new URL(server.url).port), rebound)).toMatch(/^HTTP\/1\.1 403 /)
    expect((await server.get('/api/assets')).json).toEqual({ assets: [], next: null })
  })

  test('may read, and a program without an origin may write', async () => {
    for (const path of READS.slice(1)) {
      const answer = await server.get(path, { origin: 'https://any.example' })
      expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([200, '*'])
    }
    expect((await server.call('/api/tokens/balance', preflight('https://any.example', 'GET'))).status).toBe(204)
    expect((await server.call('/api/assets', { method: 'OPTIONS' })).status).toBe(204)
    expect((await server.post('/api/assets', ASSET)).status).toBe(201)
  })
})

test('only listed origins may write without a key', async () => {
  const listed = await newPlace()
  places.push(listed)
  const server = await serveLedger(listed, { origins: ['https://desk.example', 'http://localhost:3000'] })
  for (const origin of ['https://desk.example', 'http://localhost:3000']) {
    const answer = await server.call('/api/assets', preflight(origin))
    expect(answer.status).toBe(204)
    expect(answer.headers.get('access-control-allow-methods')).toContain('POST')
    expect(answer.headers.get('access-control-allow-headers')).toContain('idempotency-key')
    expect((await server.post('/api/assets', ASSET, { origin })).status).toBeLessThan(300)
  }
  const foreign = ['https://desk.example.evil.example', 'http://desk.example', 'https://desk.example:8443', 'null']
  for (const origin of foreign) {
    expect((await server.call('/api/assets', preflight(origin))).status).toBe(403)
    expect((await server.post('/api/assets', ASSET, { origin })).json).toEqual(FORBIDDEN_ORIGIN)
  }
  await server.stop()
})

describe('with keys', () => {
  let server: LedgerServer
  let keys: Readonly<Record<'read' | 'write' | 'both' | 'admin', string>>
  beforeAll(async () => {
    const locked = await newPlace()
    places.push(locked)
    keys = {
      read: await makeKey(locked, ['read']),
      write: await makeKey(locked, ['write']),
      both: await makeKey(locked, ['read', 'write']),
      admin: await makeKey(locked, ['admin']),
    }
    server = await serveLedger(locked, { keys: true })
  })
  afterAll(() => server.stop())

  test('a missing key is 401 on every call, before any other check', async () => {
    const unauthorized = errorBody(401, 'UNAUTHORIZED', KEY_MISSING)
    for (const path of READS) {
      const answer = await server.get(path)
      expect([answer.status, answer.json]).toEqual([401, unauthorized])
      expect(answer.headers.get('www-authenticate')).toBe('api-key realm="abc-labs"')
    }
    for (const path of WRITES) {
      expect((await server.post(path, '{', { 'content-type': 'x' })).json).toEqual(unauthorized)
    }
  })

  test('reading needs scope read, writing needs write; an unknown key is 403', async () => {
    const statuses = async (raw: string, header = 'x-api-key') => [
      (await server.get('/api/assets', { [header]: raw })).status,
      (await server.post('/api/assets', ASSET, { [header]: raw })).status,
    ]
    expect(await statuses(keys.read)).toEqual([200, 403])
    expect(await statuses(keys.write)).toEqual([403, 201])
    expect(await statuses(keys.both, 'api-key')).toEqual([200, 200])
    expect(await statuses(keys.admin)).toEqual([403, 403])
    expect(await statuses('nonsense')).toEqual([403, 403])
    const refused = await server.post('/api/assets', ASSET, { 'x-api-key': keys.read })
    expect(refused.json).toEqual(errorBody(403, 'FORBIDDEN', 'API key is invalid'))
  })

  test('with a key, any page may read and write', async () => {
    const origin = 'https://any.example'
    expect((await server.call('/api/assets', preflight(origin))).status).toBe(204)
    expect((await server.post('/api/assets', ASSET, { origin, 'x-api-key': keys.write })).status).toBe(200)
  })
})

describe('configured assets', () => {
  test('are registered once, at the start; different content stops the start with an error', async () => {
    const given = await newPlace()
    places.push(given)
    const gilt = { asset_id: 'GILT', name: 'Gilt', symbol: 'GLT', reissue: true }
    for (let start = 0; start < 2; start++) {
      const server = await serveLedger(given, { assets: [gilt, { asset_id: 'BARE' }] })
      const { json } = await server.get('/api/assets')
      const bare = { asset_id: 'BARE', name: null, symbol: null, reissue: false }
      expect(json).toEqual({ assets: [gilt, bare], next: null })
      expect((await server.get('/api/tokens/transactions')).json).toMatchObject({ next: 2 })
      await server.stop()
    }
    await expect(serveLedger(given, { assets: [{ ...gilt, name: 'Other' }] })).rejects.toThrow(
      'dialects.abc-labs.assets: GILT is registered with another name, symbol or reissue',
    )
    const server = await serveLedger(given)
    expect((await server.get('/api/assets')).json).toMatchObject({ assets: [gilt, {}] })
    await server.stop()
  })
})

describe('with wallets that must be registered first', () => {
  test('a mint or a transfer does not create wallets', async () => {
    const strict = await newPlace()
    places.push(strict)
    const server = await serveLedger(strict, { strict_wallets: true, assets: [ASSET] })
    const mint = { asset_id: 'A', amount: 5, recipient_wallet_address: 'w' }
    const transfer = { asset_id: 'A', amount: 2, from_wallet: 'w', to_wallet: 'v' }
    expect((await server.post('/api/tokens/mint', mint)).json).toEqual(
      errorBody(404, 'WALLET_NOT_FOUND', 'Wallet address does not exist'),
    )
    await server.post('/api/wallets', { wallet_address: 'w' })
    expect((await server.post('/api/tokens/mint', mint)).status).toBe(200)
    expect((await server.post('/api/tokens/transfer', transfer)).json).toEqual(
      errorBody(404, 'WALLET_NOT_FOUND', 'One or both wallets do not exist'),
    )
    await server.post('/api/wallets', { wallet_address: 'v' })
    expect((await server.post('/api/tokens/transfer', transfer)).status).toBe(200)
    await server.stop()
  })
})

test('the start warns if other machines may write without a key', async () => {
  const wide = await newPlace()
  places.push(wide)
  const root = { chains: [{ id: 'ledger:main' }], listen: { host: '0.0.0.0', port: 0 } }
  for (const [keys, warns] of [
    [false, true],
    [true, false],
  ] as const) {
    const server = await serveLedger(wide, { keys }, root)
    await server.stop()
    expect(server.log.join('').includes('can mint, transfer and burn without a key')).toBe(warns)
  }
})
