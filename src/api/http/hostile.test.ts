import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { listen, type Served, sendRaw } from '../../../test/conformance/chainbase-client.ts'
import { address, fakeDeps, type World } from '../../../test/conformance/chainbase-fakes.ts'
import { createServer } from '../create-server.ts'

const WORLD: World = { held: [], unindexed: new Map(), tokens: [], holders: [], transfers: [] }
const PATH = `/v1/account/tokens?chain_id=1&address=${address('a')}`

let server: Served & { readonly key: string }
beforeAll(async () => {
  const deps = await fakeDeps(WORLD)
  server = { ...(await listen(createServer(deps))), key: deps.key }
})
afterAll(() => server.close())

describe('hostile input', () => {
  test.each([
    ['/%', 400],
    ['/%00', 404],
    ['/%ff%fe', 400],
    ['/v1/account/tokens%00', 404],
    ['/v1/account/..%2f..%2fetc', 404],
    [`/v1/account/${'a'.repeat(10_000)}`, 404],
    [`/v1/account/tokens?${'a=1&'.repeat(3_000)}`, 400],
    ['/v1/account/tokens?__proto__[x]=1&constructor=2&toString', 400],
    ['/v1/account/tokens;x=1', 404],
    ['//v1/account/tokens', 404],
    ['/V1/ACCOUNT/TOKENS', 404],
    [`/?${'x'.repeat(20_000)}`, 414],
  ])('%.60s is %i', async (path, status) => {
    const answer = await server.call(path, { headers: { 'x-api-key': server.key } })
    expect([answer.status, answer.headers.get('content-type')]).toEqual([status, 'application/json; charset=utf-8'])
    expect(answer.body).not.toMatch(/node_modules|\bat \w|FST_|%/)
  })

  test.each([
    [`GET / HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(40_000)}\r\n\r\n`, 431],
    [`GET /${'y'.repeat(40_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 414],
    ['nonsense\r\n\r\n', 400],
    ['GET / HTTP/1.1\r\nHost: x\r\nbad header\r\n\r\n', 400],
    ['GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n', 400],
    ['GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n', 400],
  ])('%.40j is %i', async (bytes, status) => {
    const answer = await sendRaw(server.port, bytes)
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(answer).toContain('access-control-allow-origin: *')
    expect(answer).toMatch(/\{"error":"[A-Za-z ]+"\}$/)
  })

  test('an absolute URL and an odd target reach no vendor dialect and do no harm', async () => {
    const answerTo = (target: string) =>
      sendRaw(server.port, `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
    for (const target of ['http://evil.example/v1/account/tokens', 'http://']) {
      expect(await answerTo(target), target).toMatch(/^HTTP\/1\.1 4\d\d /)
    }
    // The path of these targets is our own page.
    for (const target of ['*', '?', '/?#']) expect(await answerTo(target), target).toMatch(/^HTTP\/1\.1 (200|400) /)
  })

  test('hundreds of headers are accepted', async () => {
    const many = Array.from({ length: 900 }, (_, index) => `h${index}: 1\r\n`).join('')
    const request = `GET ${PATH} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${many}x-api-key: ${server.key}\r\n\r\n`
    expect(await sendRaw(server.port, request)).toMatch(/^HTTP\/1\.1 200 /)
  })
})
