import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { Registry } from 'prom-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { errorBody } from '../../../test/conformance/abc-labs-server.ts'
import { address, DIALECTS, fakeDeps, type World } from '../../../test/conformance/chainbase-fakes.ts'
import { parseChainId } from '../../core/chain.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import { createServer } from '../create-server.ts'
import { LIMITS, type Limits } from './limits.ts'

const WORLD: World = { held: [], unindexed: new Map(), tokens: [], holders: [], transfers: [] }
const TOKENS = `/v1/account/tokens?chain_id=1&address=${address('a')}`
const MINT = '/api/tokens/mint'
const JSON_HEAD = `POST ${MINT} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n`

const chainbase = (code: number, message: string) => ({ code, message, error: message })
const own = (error: string) => ({ error })

/** A ledger that must not be called: every request is rejected before. */
const unreached = async (): Promise<never> => {
  throw new Error('no rejected request reaches the ledger')
}
const LEDGER: Ledger = {
  submit: unreached,
  hasWallet: unreached,
  asset: unreached,
  assets: unreached,
  operations: unreached,
}

type Serving = { readonly server: FastifyInstance; readonly port: number; readonly key: string }

async function serve(limits: Partial<Limits> = {}): Promise<Serving> {
  const dialects = { ...DIALECTS, abcLabs: { ...DIALECTS.abcLabs, chain: parseChainId('ledger:main') } }
  const deps = await fakeDeps(WORLD, {
    ledger: LEDGER,
    metrics: new Registry(),
    dialects,
  })
  const server = createServer(deps, { ...LIMITS, ...limits })
  const origin = await server.listen({ host: '127.0.0.1', port: 0 })
  return { server, port: Number(new URL(origin).port), key: deps.key }
}

/** Both ends of a connection. */
type Connection = { readonly ours: Socket; readonly theirs: Socket }

async function open({ server, port }: Serving): Promise<Connection> {
  const accepted = once(server.server, 'connection')
  const ours = connect({ port, host: '127.0.0.1', noDelay: true })
  ours.on('error', () => undefined)
  const [theirs] = (await accepted) as [Socket]
  return { ours, theirs }
}

/**
 * Sends parts, each after the server has read the previous ones. Returns everything that comes back until the server
 * closes.
 */
async function exchange(serving: Serving, ...parts: readonly string[]): Promise<string> {
  const { ours, theirs } = await open(serving)
  const received: Buffer[] = []
  ours.on('data', (chunk) => received.push(chunk))
  const closed = once(ours, 'close')
  let sent = 0
  for (const part of parts) {
    ours.write(part, 'latin1')
    sent += part.length
    while (theirs.bytesRead < sent && !theirs.destroyed) await new Promise(setImmediate)
  }
  await closed
  return Buffer.concat(received).toString('latin1')
}

/** Checks the headers of a rejection, and returns its status and body. */
function refusalOf(answer: string): { readonly status: number; readonly body: unknown } {
  const [head = '', body = ''] = answer.split('\r\n\r\n')
  expect(head).toMatch(/^access-control-allow-origin: \*$/m)
  expect(head).toMatch(/^access-control-expose-headers: .*X-Request-Id/m)
  expect(head).toMatch(/^x-request-id: [0-9a-f]{12}-[0-9a-z]+$/m)
  expect(head).toMatch(/^content-type: application\/json; charset=utf-8$/m)
  expect(head).toMatch(/^connection: close$/im)
  expect(Number(/^content-length: (\d+)$/m.exec(head)?.[1])).toBe(body.length)
  return { status: Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1]), body: JSON.parse(body) }
}

const long = 'y'.repeat(20_000)
const BAD = 'Bad request'
const LONG = 'URL is too long'
const LARGE = 'Headers are too large'
const abcBad = errorBody(400, 'INVALID_INPUT', BAD)

let serving: Serving
beforeAll(async () => {
  serving = await serve()
})
afterAll(() => serving.server.close())

describe('a head that the parser rejects', () => {
  test.each<[string, readonly string[], number, object]>([
    ['a header without a colon', [`GET ${TOKENS} HTTP/1.1\r\nHost: x\r\nbad header\r\n\r\n`], 400, chainbase(400, BAD)],
    ['a folded header', [`GET ${TOKENS} HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n`], 400, chainbase(400, BAD)],
    ['a NUL in a header', [`GET ${TOKENS} HTTP/1.1\r\nHost: x\r\nA: b\0\r\n\r\n`], 400, chainbase(400, BAD)],
    ['bare line feeds', [`GET ${TOKENS} HTTP/1.1\nHost: x\n\n`], 400, chainbase(400, BAD)],
    ['an unknown method', [`BREW ${TOKENS} HTTP/1.1\r\nHost: x\r\n\r\n`], 400, chainbase(400, BAD)],
    ['a method in lower case', ['get /v1/token/price HTTP/1.1\r\nHost: x\r\n\r\n'], 400, chainbase(400, BAD)],
    ['an unknown version', [`GET ${TOKENS} HTTP/3.9\r\nHost: x\r\n\r\n`], 400, chainbase(400, BAD)],
    ['bytes beyond ASCII in the path', ['GET /v1/account/\xe9 HTTP/1.1\r\nHost: x\r\n\r\n'], 400, chainbase(400, BAD)],
    ['encoded letters', ['GET /%761/%61ccount/x HTTP/1.1\r\nbad header\r\n\r\n'], 400, chainbase(400, BAD)],
    ['an absolute URL', [`GET http://x${TOKENS} HTTP/1.1\r\nbad header\r\n\r\n`], 400, chainbase(400, BAD)],
    ['two lengths', [`${JSON_HEAD}Content-Length: 5\r\nContent-Length: 6\r\n\r\n`], 400, abcBad],
    ['a negative length', [`${JSON_HEAD}Content-Length: -5\r\n\r\n`], 400, abcBad],
    ['a length and chunks', [`${JSON_HEAD}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n`], 400, abcBad],
    ['an unknown transfer coding', [`${JSON_HEAD}Transfer-Encoding: br\r\n\r\n`], 400, abcBad],
    ['a later packet', [`GET ${TOKENS} HTTP/1.1\r\n`, 'Host: x\r\n', 'bad header\r\n\r\n'], 400, chainbase(400, BAD)],
    ['a line in two packets', ['PUT /v1/acc', 'ount/tokens HTTP/1.1\r\nbad header\r\n\r\n'], 400, chainbase(400, BAD)],
    ['empty lines before it', [`\r\n\r\nGET ${TOKENS} HTTP/1.1\r\nbad header\r\n\r\n`], 400, chainbase(400, BAD)],
    ['too large', [`GET ${TOKENS} HTTP/1.1\r\nX: ${long}${long}\r\n\r\n`], 431, chainbase(431, LARGE)],
    [
      'too large, in parts',
      [`GET ${MINT} HTTP/1.1\r\nX: `, long, long],
      431,
      errorBody(431, 'HEADERS_TOO_LARGE', LARGE),
    ],
    ['too large, own path', [`GET / HTTP/1.1\r\nX: ${long}${long}\r\n\r\n`], 431, own(LARGE)],
    ['own path', ['GET /health HTTP/1.1\r\nbad header\r\n\r\n'], 400, own(BAD)],
    ['a line that cannot be read', ['nonsense\r\n\r\n'], 400, own(BAD)],
    ['a target with a space', ['GET /v1/account/a b HTTP/1.1\r\nHost: x\r\n\r\n'], 400, own(BAD)],
    ['a greeting of TLS', ['\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n'], 400, own(BAD)],
    ['a greeting of HTTP/2', ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'], 400, own(BAD)],
    ['a line without end', [`GET /${long}`, long], 414, own(BAD)],
    ['a line without end that is not a request', [long, long], 400, own(BAD)],
    [
      'a URL too long for a head',
      [`GET ${TOKENS}&x=${long}${long} HTTP/1.1\r\nHost: x\r\n\r\n`],
      414,
      chainbase(414, LONG),
    ],
    ['a URL too long for a head, own path', [`GET /?x=${long}${long} HTTP/1.1\r\nHost: x\r\n\r\n`], 414, own(LONG)],
    [
      'a URL that is too long, in a head of allowed size',
      [`GET ${MINT}?${long} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`],
      414,
      errorBody(414, 'URL_TOO_LONG', LONG),
    ],
    [
      'a URL that is too long before a malformed header',
      [`GET ${TOKENS}&x=${long} HTTP/1.1\r\nbad header\r\n\r\n`],
      414,
      chainbase(414, LONG),
    ],
  ])('%s', async (_name, parts, status, body) => {
    expect(refusalOf(await exchange(serving, ...parts))).toEqual({ status, body })
  })

  test('HEAD gets only the headers', async () => {
    const answer = await exchange(serving, `HEAD ${TOKENS} HTTP/1.1\r\nbad header\r\n\r\n`)
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n(?:.+\r\n)+\r\n$/)
  })

  test('after a good request: the good one is answered first, then the bad one in the format of its own path', async () => {
    const good = `GET ${TOKENS} HTTP/1.1\r\nHost: x\r\nx-api-key: ${serving.key}\r\n\r\n`
    const answer = await exchange(serving, `${good}${good}POST ${MINT} HTTP/1.1\r\nbad header\r\n\r\n`)
    const at = answer.lastIndexOf('HTTP/1.1')
    expect(answer.slice(0, at).match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2)
    expect(refusalOf(answer.slice(at))).toEqual({ status: 400, body: abcBad })
  })
})

describe('a body that the parser rejects', () => {
  test.each([
    ['at once', [`${JSON_HEAD}Transfer-Encoding: chunked\r\n\r\nzz\r\n`]],
    ['after a good chunk', [`${JSON_HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\n{"a":\r\n`, 'zz\r\n']],
    ['a chunk that is longer than its size', [`${JSON_HEAD}Transfer-Encoding: chunked\r\n\r\n1\r\n`, '{"a"\r\n']],
    ['a size without end', [`${JSON_HEAD}Transfer-Encoding: chunked\r\n\r\n`, `${'f'.repeat(17)}\r\n`]],
  ])('%s', async (_name, parts) => {
    expect(refusalOf(await exchange(serving, ...parts))).toEqual({ status: 400, body: abcBad })
  })

  test('a bad body of a request without a body is ignored: the request is answered normally', async () => {
    const head = `GET ${TOKENS} HTTP/1.1\r\nHost: x\r\nx-api-key: ${serving.key}\r\nTransfer-Encoding: chunked\r\n\r\n`
    expect(await exchange(serving, `${head}zz\r\n`)).toMatch(/^HTTP\/1\.1 200 OK/)
  })
})

describe('requests that Node would answer itself', () => {
  const close = 'Connection: close\r\n'
  test.each<[string, string, number, object]>([
    ['no Host', `GET ${TOKENS} HTTP/1.1\r\n${close}\r\n`, 400, chainbase(400, 'Host must be sent once')],
    ['two', `GET /health HTTP/1.1\r\nHost: x\r\nHOST: y\r\n${close}\r\n`, 400, own('Host must be sent once')],
    [
      'an unknown expectation',
      `${JSON_HEAD}${close}Expect: 200-ok\r\n\r\n`,
      417,
      errorBody(417, 'EXPECTATION_FAILED', 'Expectation is not supported'),
    ],
    ['a tunnel', 'CONNECT example.org:443 HTTP/1.1\r\nHost: x\r\n\r\n', 405, own('Method not allowed')],
    ['a tunnel to a path', `CONNECT ${TOKENS} HTTP/1.1\r\nHost: x\r\n\r\n`, 400, chainbase(400, BAD)],
  ])('%s', async (_name, request, status, body) => {
    expect(refusalOf(await exchange(serving, request))).toEqual({ status, body })
  })

  test('HTTP/1.0 needs no Host', async () => {
    const answer = await exchange(serving, `GET ${TOKENS} HTTP/1.0\r\nx-api-key: ${serving.key}\r\n\r\n`)
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK/)
  })

  test.each(['PROPFIND', 'MKCOL', 'REPORT', 'M-SEARCH', 'PURGE', 'LINK', 'TRACE', 'QUERY', 'UNSUBSCRIBE'])(
    '%s is 405 with Allow on a known path, else 404',
    async (method) => {
      const at = (path: string) => exchange(serving, `${method} ${path} HTTP/1.1\r\nHost: x\r\n${close}\r\n`)
      const answer = await at(MINT)
      expect(answer).toMatch(/^allow: OPTIONS, POST$/m)
      expect(refusalOf(answer)).toEqual({
        status: 405,
        body: errorBody(405, 'METHOD_NOT_ALLOWED', 'Method not allowed'),
      })
      expect(refusalOf(await at('/docs'))).toEqual({ status: 405, body: own('Method not allowed') })
      expect(refusalOf(await at('/v1/token/zzz'))).toEqual({ status: 404, body: chainbase(404, 'Not found') })
    },
  )
})

describe('late requests', () => {
  let hasty: Serving
  beforeAll(async () => {
    hasty = await serve({ firstLineMs: 100, headersMs: 100, requestMs: 150, lateCheckMs: 10 })
  })
  afterAll(() => hasty.server.close())

  test('nothing: the connection is closed without an answer', async () => {
    expect(await exchange(hasty)).toBe('')
  })

  const late = 'Request timed out'
  test.each<[string, readonly string[], object]>([
    ['half a line', ['GET /v1/account/tok'], own(BAD)],
    ['empty lines', ['\r\n\r\n\r\n'], own(BAD)],
    ['only a line', [`GET ${TOKENS} HTTP/1.1\r\n`], chainbase(408, late)],
    ['half a header', [`GET ${TOKENS} HTTP/1.1\r\nHost: x\r\nA:`], chainbase(408, late)],
    ['no body', [`${JSON_HEAD}Content-Length: 10\r\n\r\n`], errorBody(408, 'REQUEST_TIMEOUT', late)],
    ['half a body', [`${JSON_HEAD}Content-Length: 10\r\n\r\n`, '{"a"'], errorBody(408, 'REQUEST_TIMEOUT', late)],
    [
      'half a chunk',
      [`${JSON_HEAD}Transfer-Encoding: chunked\r\n\r\n9\r\n`, '{'],
      errorBody(408, 'REQUEST_TIMEOUT', late),
    ],
    ['own path', ['GET /health HTTP/1.1\r\nHost'], own(late)],
  ])('%s is 408', async (_name, parts, body) => {
    expect(refusalOf(await exchange(hasty, ...parts))).toEqual({ status: 408, body })
  })

  test('a second request on a connection: its path is unknown', async () => {
    const good = `GET ${TOKENS} HTTP/1.1\r\nHost: x\r\nx-api-key: ${hasty.key}\r\n\r\n`
    const answer = await exchange(hasty, good, `GET ${TOKENS} HTTP/1.1\r\nHost`)
    const at = answer.lastIndexOf('HTTP/1.1')
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK/)
    expect(refusalOf(answer.slice(at))).toEqual({ status: 408, body: own(BAD) })
  })

  test('an unused body: the request is answered normally, and the connection ends', async () => {
    const head = `GET ${TOKENS} HTTP/1.1\r\nHost: x\r\nx-api-key: ${hasty.key}\r\nContent-Length: 9\r\n\r\n`
    expect((await exchange(hasty, head)).match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200'])
  })
})

test('a client that ends the connection in the middle of a line gets an answer', async () => {
  const socket = connect({ port: serving.port, host: '127.0.0.1', allowHalfOpen: true })
  const received: Buffer[] = []
  socket.on('data', (chunk) => received.push(chunk)).end('GET /v1/acc')
  await once(socket, 'end')
  socket.destroy()
  expect(refusalOf(Buffer.concat(received).toString('latin1'))).toEqual({ status: 400, body: own(BAD) })
})

test('rejected requests are counted', async () => {
  const other = await serve()
  await exchange(other, 'nonsense\r\n\r\n')
  await exchange(other, `GET ${TOKENS} HTTP/1.1\r\nX: ${long}${long}\r\n\r\n`)
  const { body } = await other.server.inject({ url: '/metrics' })
  await other.server.close()
  expect(body).toContain('steelyard_http_requests_total{route="unmatched",status="400"} 1')
  expect(body).toContain('steelyard_http_requests_total{route="unmatched",status="431"} 1')
})

test('connections without a complete line do not delay the close', async () => {
  const other = await serve({ firstLineMs: 3_600_000, closeMs: 3_600_000 })
  const [silent, begun] = [await open(other), await open(other)]
  begun.ours.write('GET /v1')
  while (begun.theirs.bytesRead === 0) await new Promise(setImmediate)
  const ends = [silent, begun].map(({ ours }) => once(ours.resume(), 'close'))
  await other.server.close()
  await Promise.all(ends)
})
