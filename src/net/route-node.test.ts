import { readFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import type { TlsIdentity } from '../core/tls-identity.ts'
import { parseExactly } from '../json/exact-json.ts'
import { createRouteNode } from './route-node.ts'

const SIGNAL = new AbortController().signal
const servers: Server[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})

type Asked = { readonly path: string; readonly body: string }
type Reply = { readonly status?: number; readonly text: string; readonly afterMs?: number }

/** Serves answers by path. */
async function serve(answer: (asked: Asked) => Reply, secure?: { cert: string; key: string; ca: string }) {
  const asked: Asked[] = []
  const listener: RequestListener = async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const one = { path: request.url ?? '', body }
    asked.push(one)
    const { status = 200, text, afterMs = 0 } = answer(one)
    setTimeout(() => response.writeHead(status).end(text), afterMs)
  }
  const tls = secure === undefined ? undefined : { ...secure, requestCert: true, rejectUnauthorized: true }
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`, asked }
}

function nodeAt(url: string, more: { readonly tls?: TlsIdentity; readonly maxBytes?: number } = {}) {
  const { tls, maxBytes = 10_000 } = more
  const limits = { timeoutMs: 2_000, maxBytes }
  const rules = {
    classify: () => undefined,
    onRequest: () => undefined,
    onSingleCalls: () => undefined,
    pauses: { baseMs: 0, maxMs: 0 },
  }
  return createRouteNode({ url, limits, tls, ...rules }, parseExactly)
}

const call = (method: string, parameter: Readonly<Record<string, unknown>> = {}) => ({ method, params: parameter })

test('posts each call to its route below the path of the URL, and keeps the digits of amounts', async () => {
  const { url, asked } = await serve(() => ({ text: '{"amount": 9007199254740993, "success": true}' }))
  const outcomes = await nodeAt(`${url}/rpc/?key=k`).batch([call('get_one', { name: 'a' }), call('get_two')], SIGNAL)
  const answer = { ok: true, result: { amount: 9007199254740993n, success: true } }
  expect(outcomes).toEqual([answer, answer])
  expect(asked).toContainEqual({ path: '/rpc/get_one?key=k', body: '{"name":"a"}' })
  expect(asked).toContainEqual({ path: '/rpc/get_two?key=k', body: '{}' })
})

test('answers stay in the order of the calls, a failure concerns its own call, and a route may be missing', async () => {
  const failed = { error: 'no such thing', structuredError: { code: 'THING_NOT_FOUND' }, success: false }
  const { url } = await serve(({ path }) => {
    if (path === '/slow') return { text: '{"success": true, "n": 1}', afterMs: 50 }
    if (path === '/bad') return { text: JSON.stringify(failed) }
    return path === '/none' ? { status: 404, text: '' } : { text: '{"success": true, "n": 2}' }
  })
  const calls = ['slow', 'bad', 'none', 'fast'].map((method) => call(method))
  expect(await nodeAt(url).batch(calls, SIGNAL)).toEqual([
    { ok: true, result: { success: true, n: 1 } },
    {
      ok: false,
      error: expect.objectContaining({ code: 'NODE_RPC', message: 'bad: no such thing (THING_NOT_FOUND)' }),
    },
    { ok: false, error: expect.objectContaining({ code: 'NODE_NO_METHOD' }) },
    { ok: true, result: { success: true, n: 2 } },
  ])
})

test('an answer that is too large concerns its own call', async () => {
  const { url } = await serve(({ path }) => ({
    text: path === '/large' ? `{"success": true, "x": "${'x'.repeat(500)}"}` : '{"success": true}',
  }))
  const outcomes = await nodeAt(url, { maxBytes: 200 }).batch([call('large'), call('small')], SIGNAL)
  expect(outcomes).toEqual([
    { ok: false, error: expect.objectContaining({ code: 'NODE_TOO_LARGE' }) },
    { ok: true, result: { success: true } },
  ])
})

test.each([
  ['no JSON', { text: 'hello' }, 'NODE_GARBAGE'],
  ['JSON without success', { text: '{"result": 1}' }, 'NODE_GARBAGE'],
  ['a list', { text: '[]' }, 'NODE_GARBAGE'],
  ['HTTP 500', { status: 500, text: '500 Internal Server Error' }, 'NODE_HTTP'],
  ['HTTP 422', { status: 422, text: 'Failed to deserialize' }, 'NODE_HTTP'],
  ['HTTP 403', { status: 403, text: '{}' }, 'NODE_REFUSED'],
  ['HTTP 429', { status: 429, text: '' }, 'NODE_RATE_LIMITED'],
])('the whole batch fails after %s, and no further call is sent', async (_, reply, code) => {
  const { url, asked } = await serve(() => reply)
  const calls = Array.from({ length: 100 }, (_, at) => call(`route_${at}`))
  await expect(nodeAt(url).batch(calls, SIGNAL)).rejects.toMatchObject({ code })
  expect(asked.length).toBeLessThanOrEqual(16)
})

describe('over TLS', () => {
  const pem = (name: string): string => readFileSync(new URL(`../../test/nodes/tls/${name}`, import.meta.url), 'utf8')
  const identity = (name: string, ca?: string): TlsIdentity => {
    return { cert: pem(`${name}.crt`), key: pem(`${name}.key`), ca: ca === undefined ? undefined : pem(`${ca}.crt`) }
  }
  const secured = () =>
    serve(() => ({ text: '{"success": true}' }), {
      cert: pem('node.crt'),
      key: pem('node.key'),
      ca: pem('authority.crt'),
    })
  const ask = (url: string, tls?: TlsIdentity) => {
    const node = nodeAt(url, tls === undefined ? {} : { tls })
    return node.batch([call('get_one')], SIGNAL)
  }

  test('a node that asks for a client certificate gets it, and its own name does not count', async () => {
    const { url } = await secured()
    const answered = [{ ok: true, result: { success: true } }]
    expect(await ask(url, identity('client', 'authority'))).toEqual(answered)
    expect(await ask(url, identity('client'))).toEqual(answered)
  })

  test.each([
    ['a certificate of another authority', 'stranger', undefined, 'perhaps because it refuses our client certificate'],
    [
      'another authority for the node',
      'client',
      'other-authority',
      'nobody we trust signed the certificate of the node',
    ],
  ])('%s is said in words', async (_, name, ca, words) => {
    const { url } = await secured()
    await expect(ask(url, identity(name, ca))).rejects.toMatchObject({
      code: 'NODE_UNREACHABLE',
      message: expect.stringContaining(words),
    })
  })

  test('no certificate at all, and a node without TLS, are said in words', async () => {
    const { url } = await secured()
    await expect(ask(url)).rejects.toThrow('nobody we trust signed the certificate of the node')
    const { url: plain } = await serve(() => ({ text: '{"success": true}' }))
    const secure = plain.replace('http:', 'https:')
    await expect(ask(secure, identity('client'))).rejects.toThrow('the node does not speak TLS there')
  })
})
