import { once } from 'node:events'
import { connect } from 'node:net'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type LedgerServer, serveLedger } from '../../../test/conformance/abc-labs-server.ts'
import { newPlace } from '../../../test/store/engines.ts'

/** Requests per run. The seed is fixed, so that a failure can be reproduced. */
const RUNS = { numRuns: 600, seed: 20_260_101 }

const place = await newPlace()
let server: LedgerServer
beforeAll(async () => {
  // A chain with an unreachable node: its reads fail with an error.
  const chains = [{ id: 'ledger:main' }, { id: 'eip155:1', rpc: ['http://127.0.0.1:1'] }]
  server = await serveLedger(place, { assets: [{ asset_id: 'A', reissue: true }] }, { chains })
})
afterAll(async () => {
  await server.stop()
  await place.end()
})

const path = fc.oneof(
  fc.constantFrom(
    ...['/', '/health', '/docs', '/metrics', '/api/assets', '/api/tokens/mint', '/api/tokens/balance', '/api/wallets'],
    ...['/v1/account/tokens', '/v1/token/price', '/v1/account/balance', '//', '/v1//account/tokens', '/%2e%2e/%00'],
    ...[
      'http://x/v1/token/price',
      '*',
      '/v1/token/%ff',
      '/api/assets/',
      '/V1/account/tokens',
      '/v1/account/tokens/../x',
    ],
  ),
  fc.string({ unit: 'binary', maxLength: 40 }).map((text) => `/${text}`),
  fc.webPath(),
)
const value = fc.oneof(
  fc.constantFrom(
    '1',
    '-1',
    '0',
    '1e9',
    '9'.repeat(40),
    '%00',
    '%',
    '%ff%fe',
    '%ed%a0%80',
    '%E2%80%AE',
    'null',
    '[]',
    '',
  ),
  fc.string({ maxLength: 60 }).map(encodeURIComponent),
  fc.constant('a'.repeat(9_000)),
)
const name = fc.constantFrom(
  ...['chain_id', 'address', 'contract_address', 'page', 'limit', 'to_block', 'asset_id', 'wallet_address', 'after'],
  ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', '__proto__[x]', 'a[]', ''],
)
const query = fc
  .array(fc.tuple(name, value), { maxLength: 300 })
  .map((pairs) => pairs.map((pair) => pair.join('=')).join('&'))
const header = fc.oneof(
  fc.constantFrom(
    ...['Content-Type: application/json', 'Content-Type: text/plain', 'Content-Encoding: gzip', 'Expect: x', 'Host: y'],
    ...['Transfer-Encoding: chunked', 'Content-Length: 5', 'Upgrade: h2c', 'Connection: Upgrade', 'Origin: null'],
    ...['x-api-key: demo', 'Idempotency-Key: k', 'X-Forwarded-For: ::1', 'Range: bytes=0-1', 'Cookie: a=b'],
  ),
  fc.string({ unit: 'binary', maxLength: 60 }),
)
const json = fc.oneof(
  fc.json(),
  fc.constantFrom('{"__proto__":{"amount":1}}', '['.repeat(5_000), '{"asset_id":"A","amount":1e999}', '{"a":1,"a":2}'),
  fc.constantFrom(`{"asset_id":"${'n'.repeat(200_000)}"}`, '{"asset_id":"\\ud800"}', '{"asset_id":"\xff"}', '', '\0'),
)
const request = fc
  .record({
    method: fc.constantFrom('GET', 'HEAD', 'POST', 'OPTIONS', 'PROPFIND', 'DELETE', 'BREW', 'CONNECT', 'get'),
    path,
    query: fc.option(query, { nil: undefined }),
    version: fc.constantFrom('1.1', '1.1', '1.1', '1.0', '2.0', '9.9'),
    headers: fc.array(header, { maxLength: 5 }),
    body: fc.option(json, { nil: undefined }),
    host: fc.constantFrom('Host: x', 'Host: x', 'Host: x', ''),
  })
  .map(({ method, path: to, query: asked, version, headers, body = '', host }) => {
    const target = asked === undefined ? to : `${to}?${asked}`
    const length = body === '' ? [] : [`Content-Length: ${Buffer.byteLength(body, 'latin1')}`]
    const lines = [`${method} ${target} HTTP/${version}`, host, 'Connection: close', ...length, ...headers]
    return `${lines.filter((line) => line !== '').join('\r\n')}\r\n\r\n${body}`
  })

/** Sends bytes, ends the connection, and returns the answer. */
async function answerTo(bytes: string): Promise<string> {
  const socket = connect({ port: Number(new URL(server.url).port), host: '127.0.0.1', allowHalfOpen: true })
  const received: Buffer[] = []
  socket.on('data', (chunk) => received.push(chunk)).on('error', () => undefined)
  socket.end(Buffer.from(bytes, 'latin1'))
  await once(socket, 'close')
  return Buffer.concat(received).toString('latin1')
}

test('any input gets one of our answers: no 500, with CORS headers and request id, without internal details', async () => {
  let answered = 0
  await fc.assert(
    fc.asyncProperty(request, async (bytes) => {
      const answer = await answerTo(bytes)
      // A reset while bytes are still on their way may lose the answer. The next request would reveal a crash.
      if (answer === '') return
      answered += 1
      for (const head of answer.split(/(?=HTTP\/1\.1 \d{3} )/).map((part) => part.split('\r\n\r\n')[0] ?? '')) {
        const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1])
        expect([100, 200, 201, 204, 400, 401, 403, 404, 405, 408, 409, 413, 414, 415, 417, 422, 431, 503]).toContain(
          status,
        )
        if (status === 100) continue
        expect(head).toMatch(/^access-control-allow-origin: \*$/im)
        expect(head).toMatch(/^x-request-id: [0-9a-f]{12}-[0-9a-z]+$/im)
      }
      expect(answer).not.toMatch(/node_modules|FST_|\bat \w+ \(|SQLITE_|\/src\//)
    }),
    RUNS,
  )
  expect(answered).toBeGreaterThan(0.95 * RUNS.numRuns)
  expect((await server.get('/health')).status).toBe(200)
  expect(server.log.filter((line) => /"level":(50|60)/.test(line))).toEqual([])
}, 120_000)
