/** What a route may have beyond what the built dialects use: parameters of paths, PATCH and DELETE, statuses, checks. */
import { Writable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { Type } from 'typebox'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { listen, type Served, sendRaw } from '../../../test/conformance/chainbase-client.ts'
import { ServiceError } from '../../core/errors.ts'
import { ExactNumber } from '../schema/json-schema.ts'
import type { Dialect } from './dialect.ts'
import { HTTP_STATUS } from './errors.ts'
import { addRoute, VendorError } from './route.ts'
import { createHttpServer } from './server.ts'

const DOCS = (operationId: string) => ({ operationId, summary: operationId, tags: ['Toy'] })
const ErrorBody = Type.Object({ failed: Type.String() }, { title: 'ToyError' })
const errors = { '4xx': ErrorBody, 500: ErrorBody, 503: ErrorBody }
const Params = Type.Object({ id: Type.String({ maxLength: 8 }), part: Type.Integer({ minimum: 0, maximum: 99 }) })
const Id = Type.Object({ id: Type.String() })

/** The order in which a request reached the parts of its route. */
const reached: string[] = []

function addReads(scope: FastifyInstance): void {
  addRoute(scope, {
    method: 'GET',
    path: '/toy/items/:id/parts/:part',
    docs: DOCS('GetPart'),
    params: Params,
    answer: Params,
    errors,
    handle: async ({ params }) => ({ body: params }),
  })
  addRoute(scope, {
    method: 'GET',
    path: '/toy/items/newest',
    docs: DOCS('GetNewest'),
    answer: Id,
    errors,
    handle: async () => ({ body: { id: 'the newest' } }),
  })
  addRoute(scope, {
    method: 'GET',
    path: '/toy/items/:id',
    docs: DOCS('GetItem'),
    params: Id,
    query: Type.Object({ id: Type.Optional(Type.String()) }),
    answer: Type.Object({ ofPath: Type.String(), ofQuery: Type.Optional(Type.String()) }),
    errors,
    handle: async ({ params, query }) => ({ body: { ofPath: params.id, ofQuery: query.id } }),
  })
}

function addWrites(scope: FastifyInstance): void {
  const body = Type.Object({ note: Type.String(), rows: Type.Optional(Type.Array(Type.Object({ n: Type.Integer() }))) })
  addRoute(scope, {
    method: 'PATCH',
    path: '/toy/items/:id',
    docs: DOCS('ChangeItem'),
    params: Id,
    body,
    answer: Type.Object({ id: Type.String(), note: Type.String() }),
    errors,
    invalid: (issues) =>
      new VendorError({ status: 422, body: { failed: issues.map((one) => one.parameter).join(' ') } }),
    handle: async ({ params, body }) => ({ body: { id: params.id, note: body.note } }),
  })
  addRoute(scope, {
    method: 'DELETE',
    path: '/toy/items/:id',
    docs: DOCS('DeleteItem'),
    params: Id,
    answer: Id,
    statuses: [200, 202],
    errors,
    handle: async ({ params }) => ({ body: params, status: params.id === 'slow' ? 202 : 200 }),
  })
  addRoute(scope, {
    method: 'POST',
    path: '/toy/amounts',
    docs: DOCS('PostAmount'),
    body: Type.Object({ status: Type.Integer() }),
    answer: Type.Object({ amount: ExactNumber() }),
    statuses: [200, 201, 202, 207, 299],
    errors,
    handle: async ({ body }) => ({ body: { amount: '9007199254740993.10' }, status: body.status }),
  })
}

function addChecked(scope: FastifyInstance): void {
  scope.addHook('onRequest', async () => {
    reached.push('key')
  })
  addRoute(scope, {
    method: 'POST',
    path: '/toy/checked',
    docs: DOCS('PostChecked'),
    body: Type.Object({ n: Type.Integer() }),
    answer: Type.Object({ n: Type.Integer() }),
    errors,
    check: async (request, reply) => {
      reached.push('check')
      reply.headers({ 'x-toy-left': '3' })
      if (request.headers['x-toy'] === 'over') throw new ServiceError('TOO_MANY_REQUESTS', 'Too many')
    },
    handle: async ({ body }) => {
      reached.push('handle')
      return { body }
    },
  })
}

const TOY: Dialect = {
  name: 'toy',
  prefixes: ['/toy/'],
  tag: 'Toy',
  examples: async () => ({ values: {} }),
  renderError: ({ code, message, issues }) => ({
    status: HTTP_STATUS[code],
    body: { failed: issues?.map(({ parameter, problem }) => `${parameter} ${problem}`).join(', ') ?? message },
  }),
  register: (scope) => {
    addReads(scope)
    addWrites(scope)
    scope.register(async (checked) => addChecked(checked))
  },
}

const lines: string[] = []
let server: Served
beforeAll(async () => {
  const sink = new Writable({
    write: (chunk, _encoding, done) => {
      lines.push(String(chunk))
      done()
    },
  })
  const base = { chains: [], metrics: new Registry(), trustProxy: [], version: '0.0.0', now: () => 0 }
  server = await listen(createHttpServer({ ...base, log: pino(sink) }, [TOY]))
})
afterAll(() => server.close())

/** Sends a request such as `GET /toy`. A body is sent as JSON; text is sent unchanged. */
function send(call: string, body?: unknown, headers: Readonly<Record<string, string>> = {}) {
  const [method = '', path = ''] = call.split(' ')
  const isSent = body !== undefined
  return server.call(path, {
    method,
    ...(isSent ? { body: typeof body === 'string' ? body : JSON.stringify(body) } : {}),
    headers: { ...(isSent ? { 'content-type': 'application/json' } : {}), ...headers },
  })
}

describe('parameters of the path', () => {
  test.each([
    ['/toy/items/a/parts/7', '{"id":"a","part":7}'],
    ['/toy/items/a/parts/7/', '{"id":"a","part":7}'],
    ['/toy/items/a%2Fb/parts/07', '{"id":"a/b","part":7}'],
    ['/toy/items/a%20%26%3F/parts/0', '{"id":"a &?","part":0}'],
    ['/toy/items/%C3%BC%F0%9F%AA%99/parts/1', '{"id":"ü🪙","part":1}'],
    ['/toy/items/a%25b/parts/1', '{"id":"a%b","part":1}'],
    ['/toy/items/a+b/parts/1', '{"id":"a+b","part":1}'],
    ['/toy/items/newest/parts/1', '{"id":"newest","part":1}'],
    ['/toy/items/newest', '{"id":"the newest"}'],
    ['/toy/items/x?id=y', '{"ofPath":"x","ofQuery":"y"}'],
    ['/toy/items/__proto__?__proto__=1', '{"ofPath":"__proto__"}'],
  ])('%s is %s', async (path, body) => {
    const answer = await server.call(path)
    expect([answer.status, answer.body]).toEqual([200, body])
    const head = await server.call(path, { method: 'HEAD' })
    expect([head.status, head.body]).toEqual([200, ''])
  })

  test.each([
    ['/toy/items/123456789/parts/x', 400, 'id malformed, part malformed'],
    ['/toy/items/a/parts/100', 400, 'part out_of_range'],
    ['/toy/items/a/parts/1e1', 400, 'part malformed'],
    ['/toy/items//parts/1', 400, 'id missing'],
    ['/toy/items/', 404, 'Not found'],
    ['/toy/items/a/parts', 404, 'Not found'],
    ['/toy/items', 404, 'Not found'],
    ['/toy/items/a/parts/1/x', 404, 'Not found'],
    ['/toy/items/%/parts/1', 400, 'Bad request'],
    ['/toy/items/%ff/parts/1', 400, 'Bad request'],
    ['/toy/items/%c3%28/parts/1', 400, 'Bad request'],
    ['/toy/items/%ed%a0%80/parts/1', 400, 'Bad request'],
    [`/toy/items/${'a'.repeat(16_000)}`, 400, 'id malformed'],
  ])('%s is %i', async (path, status, failed) => {
    const answer = await sendRaw(server.port, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(answer).toContain(JSON.stringify({ failed }))
  })
})

describe('PATCH and DELETE', () => {
  test('answer on one path with their own schemas, with and without a slash', async () => {
    for (const path of ['/toy/items/a%2Fb', '/toy/items/a%2Fb/']) {
      const changed = await send(`PATCH ${path}`, { note: 'n', id: 'other' })
      expect([changed.status, changed.body]).toEqual([200, '{"id":"a/b","note":"n"}'])
      const deleted = await send(`DELETE ${path}`)
      expect([deleted.status, deleted.body]).toEqual([200, '{"id":"a/b"}'])
    }
    const refused = await send('PUT /toy/items/a', {})
    expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'DELETE, GET, HEAD, OPTIONS, PATCH'])
    const preflight = await send('OPTIONS /toy/items/a', undefined, {
      origin: 'https://wallet.example',
      'access-control-request-method': 'PATCH',
    })
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-methods')).toBe('DELETE, GET, HEAD, OPTIONS, PATCH')
  })

  test('PATCH rejects bodies as POST does, and a call may have its own answer for invalid fields', async () => {
    const invalid = await send('PATCH /toy/items/a', { rows: [{ n: 1 }, { n: 'x' }, {}] })
    expect([invalid.status, invalid.body]).toEqual([422, '{"failed":"note rows.1.n rows.2.n"}'])
    const [text, list, large] = [
      await send('PATCH /toy/items/a', '{}', { 'content-type': 'text/plain' }),
      await send('PATCH /toy/items/a', []),
      await send('PATCH /toy/items/a', 'x'.repeat(300_000)),
    ]
    expect([text.status, list.status, large.status]).toEqual([415, 400, 413])
    expect(list.body).toBe('{"failed":"Body is not a JSON object"}')
  })

  test('DELETE needs no body and does not look at one', async () => {
    const ignored = await send('DELETE /toy/items/a', { note: 1 })
    expect([ignored.status, ignored.body]).toEqual([200, '{"id":"a"}'])
  })
})

describe('statuses', () => {
  test.each([200, 201, 202, 207, 299])('%i carries the answer with exact numbers', async (status) => {
    const answer = await send('POST /toy/amounts', { status })
    expect([answer.status, answer.body]).toEqual([status, '{"amount":9007199254740993.10}'])
  })

  test('a status that the route does not document is a bug, not an answer without its schema', async () => {
    const answer = await send('POST /toy/amounts', { status: 203 })
    expect([answer.status, answer.body]).toEqual([500, '{"failed":"Internal server error"}'])
    expect(lines.join('')).toContain('203')
  })

  test('DELETE may answer with another status', async () => {
    expect((await send('DELETE /toy/items/slow')).status).toBe(202)
  })
})

describe("a route's own check", () => {
  test('runs after the key check and before the body, and its headers stay on errors', async () => {
    reached.length = 0
    const good = await send('POST /toy/checked', { n: 1 })
    expect([good.status, good.headers.get('x-toy-left'), reached.splice(0)]).toEqual([
      200,
      '3',
      ['key', 'check', 'handle'],
    ])
    for (const [body, status, failed] of [
      ['{', 400, 'Body is not valid JSON'],
      [{ n: 'x' }, 400, 'n malformed'],
      ['x'.repeat(300_000), 413, 'Body is too large'],
    ] as const) {
      const bad = await send('POST /toy/checked', body)
      expect([bad.status, bad.body, bad.headers.get('x-toy-left')]).toEqual([status, JSON.stringify({ failed }), '3'])
      expect(reached.splice(0)).toEqual(['key', 'check'])
    }
    const over = await send('POST /toy/checked', '{', { 'x-toy': 'over' })
    expect([over.status, over.body, over.headers.get('x-toy-left')]).toEqual([429, '{"failed":"Too many"}', '3'])
    expect(reached.splice(0)).toEqual(['key', 'check'])
  })

  test('does not run for other methods and preflights', async () => {
    reached.length = 0
    await send('GET /toy/checked')
    await send('OPTIONS /toy/checked', undefined, {
      origin: 'https://a.example',
      'access-control-request-method': 'POST',
    })
    expect(reached).toEqual([])
  })
})
