import { once } from 'node:events'
import { request as send } from 'node:http'
import { connect } from 'node:net'
import fastify, { type FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { listen, type Served, sendRaw } from '../../../test/conformance/chainbase-client.ts'
import {
  address,
  asOf,
  DIALECTS,
  ETHEREUM,
  erc20,
  fakeBalances,
  fakeDeps,
  known,
  token,
  unknown,
  type World,
} from '../../../test/conformance/chainbase-fakes.ts'
import { createServer } from '../create-server.ts'
import { addressReader } from './direct-request.ts'
import { LIMITS } from './limits.ts'

const [TOKEN, OTHER] = [erc20(address('1')), erc20(address('2'))]
const WORLD: World = {
  held: [{ asset: TOKEN, balance: known(42n) }],
  unindexed: new Map([[OTHER.reference, unknown('not_a_token')]]),
  tokens: [token(TOKEN.reference, { name: 'Tøken', symbol: 'T"' })],
  holders: [],
  transfers: [],
}
const LIST = `/v1/account/tokens?chain_id=1&address=${address('a')}`
const TOKENKIT = `?account_address=${address('a')}&token_address=${TOKEN.reference}`

let fast: FastifyInstance
let served: Served & { readonly key: string }
beforeAll(async () => {
  const tokenkit = { ...DIALECTS.tokenkit, chain: ETHEREUM }
  const deps = await fakeDeps(WORLD, { dialects: { ...DIALECTS, tokenkit } })
  fast = createServer(deps)
  served = { ...(await listen(fast)), key: deps.key }
})
afterAll(() => served.close())

type Raw = { readonly status: number; readonly headers: Record<string, unknown>; readonly body: string; taken: boolean }

/** The answer to a GET, without what differs from request to request, and whether it passed by the router. */
function ask(path: string, headers: Readonly<Record<string, string>>): Promise<Raw> {
  const take = vi.spyOn(fast.direct, 'take')
  return new Promise((resolve, reject) => {
    send({ port: served.port, path, headers, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        const { date, 'x-request-id': id, ...same } = response.headers
        expect([date, id]).toEqual([expect.any(String), expect.any(String)])
        const taken = take.mock.results.at(-1)?.value === true
        take.mockRestore()
        resolve({ status: response.statusCode ?? 0, headers: same, body: Buffer.concat(chunks).toString(), taken })
      })
    })
      .on('error', reject)
      .end()
  })
}

describe('a request that passes by the router gets the answer that the router gives', () => {
  test.each([
    ['a list', LIST, 200],
    ['with a slash', LIST.replace('?', '/?'), 200],
    ['with a percent-encoded value', LIST.replace('chain_id=1', 'chain_id=%31'), 200],
    ['one contract', `${LIST}&contract_address=${TOKEN.reference}`, 200],
    ['a native balance', `/v1/account/balance?chain_id=1&address=${address('a')}`, 503],
    ['without its parameters', '/v1/account/tokens', 400],
    ['with an empty query', '/v1/account/tokens?', 400],
    ['with a malformed address', '/v1/account/tokens?chain_id=1&address=0x1', 422],
    ['with a repeated parameter', `${LIST}&chain_id=1`, 422],
    ['with bad percent encoding', `${LIST}&page=%zz`, 422],
    ['of another chain', LIST.replace('chain_id=1', 'chain_id=2'), 400],
    ['of the zero address', `/v1/account/tokens?chain_id=1&address=${address('0')}`, 400],
    ['a balance of TokenKit', `/api/balance/${TOKENKIT}`, 200],
    ['a balance of no token', `/api/balance${TOKENKIT.replace(TOKEN.reference, OTHER.reference)}`, 404],
    ['a list of TokenKit', `/api/account-balances${TOKENKIT}`, 200],
    ['a list of TokenKit without its account', '/api/account-balances', 400],
  ])('%s', async (_name, path, status) => {
    for (const key of [served.key, `${served.key}x`, undefined]) {
      const headers = key === undefined ? {} : { 'x-api-key': key }
      const direct = await ask(path, headers)
      // A request that announces a body is left to the router, which ignores the body of a GET.
      const routed = await ask(path, { ...headers, 'content-length': '0' })
      expect([direct.taken, routed.taken]).toEqual([true, false])
      expect({ ...direct, taken: false }).toEqual(routed)
      if (key === served.key) expect(direct.status).toBe(status)
      else expect([401, 403]).toContain(direct.status)
    }
  })
})

test.each([
  ['another method', 'HEAD', LIST, ''],
  ['two hosts', 'GET', LIST, 'Host: x\r\n'],
  ['an expectation', 'GET', LIST, 'Expect: 100-continue\r\n'],
  ['a body', 'GET', LIST, 'Content-Length: 2\r\n'],
  ['a chunked body', 'GET', LIST, 'Transfer-Encoding: chunked\r\n'],
  ['a fragment', 'GET', `${LIST}#x`, ''],
  ['a long URL', 'GET', `${LIST}&x=${'x'.repeat(17_000)}`, ''],
  ['an absolute target', 'GET', `http://host${LIST}`, ''],
  ['a percent-encoded path', 'GET', LIST.replace('account', '%61ccount'), ''],
  ['another path', 'GET', '/v1/account/toke', ''],
])('%s is left to the router', async (_name, method, target, header) => {
  const take = vi.spyOn(fast.direct, 'take')
  const body = header.startsWith('Content') ? '{}' : header.startsWith('Transfer') ? '0\r\n\r\n' : ''
  const text = await sendRaw(
    served.port,
    `${method} ${target} HTTP/1.1\r\nHost: x\r\n${header}Connection: close\r\n\r\n${body}`,
  )
  expect(text).toMatch(/^HTTP\/1\.1 [1-5]/)
  expect(take.mock.results.map(({ value }) => value)).toEqual([false])
  take.mockRestore()
})

/** A server whose list with `limit=7` waits until `release` is called, and the text of a request to it. */
async function waitingServer(closeMs?: number) {
  let release = (): void => undefined
  const waits = new Promise<void>((resolve) => {
    release = resolve
  })
  const balances = fakeBalances(WORLD)
  const deps = await fakeDeps(WORLD, {
    balances: {
      ...balances,
      account: async (query) => {
        if (query.limit === 7) await waits
        return { ...(await balances.account(query)), asOf: asOf() }
      },
    },
  })
  const server = createServer(deps, closeMs === undefined ? LIMITS : { ...LIMITS, closeMs })
  const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: x\r\nX-Api-Key: ${deps.key}\r\n\r\n`
  return { slow: await listen(server), server, release: () => release(), get }
}

test('answers keep the order of their requests, also where the first one waits and a router answers between', async () => {
  const { slow, release, get } = await waitingServer()
  const all = sendRaw(slow.port, `${get(`${LIST}&limit=7`)}${get('/nothing')}${get(LIST)}`, 1_500)
  setTimeout(release, 300)
  const statuses = [...(await all).matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)
  expect(statuses).toEqual(['200', '404', '200'])
  await slow.close()
})

test('a connection whose direct answer comes after the close began ends with that answer', async () => {
  // Longer than the test may take: only the end of the answer can close the connection.
  const { slow, server, release, get } = await waitingServer(3_600_000)
  const take = vi.spyOn(server.direct, 'take')
  const socket = connect(slow.port, '127.0.0.1')
  const chunks: Buffer[] = []
  const ended = once(socket, 'close')
  socket.on('data', (chunk: Buffer) => chunks.push(chunk)).write(get(`${LIST}&limit=7`))
  while (take.mock.results.length === 0) await new Promise(setImmediate)
  expect(take.mock.results[0]?.value).toBe(true)
  const closed = server.close()
  await new Promise(setImmediate)
  release()
  await Promise.all([closed, ended])
  expect(Buffer.concat(chunks).toString()).toMatch(/^HTTP\/1\.1 200 /)
})

test('a malformed request after a direct one is answered after it, in the format of its path', async () => {
  const get = `GET ${LIST} HTTP/1.1\r\nHost: x\r\nX-Api-Key: ${served.key}\r\n\r\n`
  const text = await sendRaw(served.port, `${get}GET ${LIST} HTTP/1.1\r\nbad header\r\n\r\n`)
  const statuses = [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)
  expect(statuses).toEqual(['200', '400'])
  expect(text).toContain('{"code":400,"message":"Bad request","error":"Bad request"}')
})

test("a caller's address is the one that Fastify finds", async () => {
  for (const trustProxy of [[], ['127.0.0.1'], ['127.0.0.0/8', '10.0.0.0/8'], ['loopback']]) {
    const server = fastify({ trustProxy: trustProxy.length === 0 ? false : trustProxy })
    const addressOf = addressReader(trustProxy)
    server.get('/', async (request) => ({ fastify: request.ip, own: addressOf(request.raw) }))
    const { port, call } = await listen(server)
    expect(port).toBeGreaterThan(0)
    for (const forwarded of ['', '1.2.3.4', '1.2.3.4, 10.1.1.1', 'unknown', '::1, 9.9.9.9,10.0.0.1', ' , ']) {
      const { body } = await call('/', { headers: { 'x-forwarded-for': forwarded } })
      const { fastify: expected, own } = JSON.parse(body)
      expect(own).toBe(expected)
    }
    await server.close()
  }
})
