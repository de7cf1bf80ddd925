import { request as httpRequest } from 'node:http'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newPlace } from '../store/engines.ts'
import { expectError, invalid, MINT, NOT_JSON, POSTS, prepare, TRANSFER, writesNothing } from './abc-labs-calls.ts'
import { errorBody, type LedgerServer, serveLedger } from './abc-labs-server.ts'
import { sendRaw } from './chainbase-client.ts'

const place = await newPlace()
let server: LedgerServer
beforeAll(async () => {
  server = await serveLedger(place)
  await prepare(server)
})
afterAll(async () => {
  await server.stop()
  await place.end()
})

describe('bodies', () => {
  test.each(['', ' ', '{', '[1', 'x', "{'a':1}", '{"a":1}}', '\u0000', '{"a":1,}', '\ufffe'])(
    '%j is not JSON',
    async (body) => {
      await writesNothing(server, async () => {
        for (const [path] of POSTS) expectError(await server.post(path, body), NOT_JSON)
      })
    },
  )

  test.each(['[]', '"x"', '1', 'null', 'true'])('%s is not an object', async (body) => {
    for (const [path] of POSTS) {
      expectError(await server.post(path, body), errorBody(400, 'INVALID_INPUT', 'Body is not a JSON object'))
    }
  })

  test('a repeated key is rejected: its meaning is unclear', async () => {
    await writesNothing(server, async () => {
      const twice = errorBody(400, 'INVALID_INPUT', 'Body has a key twice')
      const text = JSON.stringify(TRANSFER).slice(0, -1)
      expectError(await server.post('/api/tokens/transfer', `${text},"amount":9}`), twice)
      expectError(await server.post('/api/tokens/transfer', `${text},"\\u0061mount":1}`), twice)
    })
  })

  test('prototype keys do not set fields', async () => {
    await writesNothing(server, async () => {
      for (const key of ['__proto__', 'constructor', 'prototype']) {
        const text = `{"${key}":${JSON.stringify(MINT)}}`
        expectError(await server.post('/api/tokens/mint', text), invalid('asset_id', 'missing'))
      }
    })
  })

  test('endless nesting is rejected without a stack overflow', async () => {
    const deep = errorBody(400, 'INVALID_INPUT', 'Body is nested too deeply')
    expectError(await server.post('/api/tokens/mint', '['.repeat(200_000)), deep)
    expectError(await server.post('/api/tokens/mint', '{"a":'.repeat(40_000)), deep)
  })

  test('bytes that are not UTF-8 are rejected', async () => {
    await writesNothing(server, async () => {
      const [before = '', after = ''] = JSON.stringify({ ...MINT, recipient_wallet_address: 'HERE' }).split('HERE')
      for (const bytes of [[0xff], [0xc3, 0x28], [0xed, 0xa0, 0x80]]) {
        const body = Buffer.concat([Buffer.from(before), Buffer.from(bytes), Buffer.from(after)])
        const headers = { 'content-type': 'application/json' }
        expectError(await server.call('/api/tokens/mint', { method: 'POST', body, headers }), NOT_JSON)
      }
    })
  })

  test.each([
    'text/plain',
    'text/plain; x=application/json',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/jsonp',
    'application/json+x',
    'text/json',
    ',application/json',
    'x',
  ])('a body of %s is 415', async (type) => {
    await writesNothing(server, async () => {
      for (const [path, body] of POSTS) {
        expectError(
          await server.post(path, body, { 'content-type': type }),
          errorBody(415, 'UNSUPPORTED_MEDIA_TYPE', 'Body must be application/json'),
        )
      }
    })
  })

  test('a body without a type is 415: a page can send one without a preflight', async () => {
    await writesNothing(server, async () => {
      const body = JSON.stringify(TRANSFER)
      const head = `POST /api/tokens/transfer HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${body.length}`
      expect(await sendRaw(Number(new URL(server.url).port), `${head}\r\n\r\n${body}`)).toMatch(/^HTTP\/1\.1 415 /)
    })
  })

  test.each(['application/json; charset=utf-8', 'APPLICATION/JSON', 'application/json ;a=b'])(
    '%s is JSON',
    async (type) => {
      const { status } = await server.post('/api/wallets', { wallet_address: 'typed' }, { 'content-type': type })
      expect([200, 201]).toContain(status)
    },
  )

  test.each(['gzip', 'GZIP', 'deflate', 'br', 'zstd', 'compress', 'x', 'identity, gzip', 'gzip, gzip'])(
    'a body with encoding %s is 415, whatever its bytes',
    async (encoding) => {
      await writesNothing(server, async () => {
        const refused = errorBody(415, 'UNSUPPORTED_MEDIA_TYPE', 'Content-Encoding is not supported')
        for (const [path, body] of POSTS) {
          for (const bytes of [gzipSync(JSON.stringify(body)), Buffer.from(JSON.stringify(body))]) {
            const headers = { 'content-type': 'application/json', 'content-encoding': encoding }
            const answer = await server.call(path, { method: 'POST', body: bytes, headers })
            expectError(answer, refused)
            expect(answer.headers.get('accept-encoding')).toBe('identity')
          }
        }
      })
    },
  )

  test('identity does not count as an encoding', async () => {
    const { status } = await server.post(
      '/api/wallets',
      { wallet_address: 'plain' },
      { 'content-encoding': 'Identity' },
    )
    expect([200, 201]).toContain(status)
  })

  test('10 MB are 413, with or without a Content-Length', async () => {
    const tooLarge = errorBody(413, 'PAYLOAD_TOO_LARGE', 'Body is too large')
    await writesNothing(server, async () => {
      for (const chunked of [false, true]) {
        const { status, text } = await sendLarge(new URL('/api/tokens/mint', server.url), chunked)
        expect([status, JSON.parse(text)]).toEqual([413, tooLarge])
      }
    })
  })
})

/** Posts 10 MB and reads the answer even if the server stops reading halfway. */
function sendLarge(
  url: URL,
  chunked: boolean,
): Promise<{ readonly status: number | undefined; readonly text: string }> {
  const body = Buffer.from(JSON.stringify({ ...MINT, note: 'x'.repeat(10_000_000) }))
  return new Promise((resolve, reject) => {
    const headers = chunked ? {} : { 'content-length': body.length }
    const sent = httpRequest(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers } })
    sent.on('response', (response) => {
      let text = ''
      response.on('data', (chunk) => {
        text += String(chunk)
      })
      response.on('end', () => resolve({ status: response.statusCode, text }))
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

describe('paths and methods', () => {
  test.each(['/api/tokens/balance/x', '/api/tokens/mint/1/2', '/api/assets/UKGILT2030', '/api/wallets/x/'])(
    '%s is 404',
    async (path) => {
      for (const method of ['GET', 'POST']) {
        const answer = await server.call(path, { method, body: method === 'POST' ? 'x' : null })
        expectError(answer, errorBody(404, 'NOT_FOUND', 'Not found'))
      }
    },
  )

  test.each([
    ['GET', '/api/tokens/mint', 'OPTIONS, POST'],
    ['HEAD', '/api/wallets/', 'OPTIONS, POST'],
    ['POST', '/api/tokens/balance', 'GET, HEAD, OPTIONS'],
    ['POST', '/api/tokens/transactions', 'GET, HEAD, OPTIONS'],
    ['DELETE', '/api/assets', 'GET, HEAD, OPTIONS, POST'],
    ['PUT', '/api/tokens/burn/', 'OPTIONS, POST'],
    ['PATCH', '/api/tokens/transfer', 'OPTIONS, POST'],
  ])('%s %s is 405 with Allow', async (method, path, allow) => {
    const answer = await server.call(path, { method })
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, allow])
    if (method !== 'HEAD') expectError(answer, errorBody(405, 'METHOD_NOT_ALLOWED', 'Method not allowed'))
  })

  test("paths beside the vendor's are TokenKit's, and others are ours", async () => {
    for (const path of ['/api/tokens/mints', '/api/assetsx', '/api/']) {
      expect((await server.get(path)).text).toBe('{"success":false,"error":"Not found"}')
    }
    expect((await server.get('/api/tokens/')).status).toBe(401)
    expect((await server.get('/apis')).text).toBe('{"error":"Not found"}')
  })
})
