import { expect, test } from 'vitest'
import { ECHO, echo, made, one, SIGNAL } from '../../../test/nodes/rpc-client.ts'
import { answerTo, Fault, jsonRpc, type Reply, withoutBatches } from '../../../test/nodes/scripted-node.ts'
import { stoppedAfterEach } from '../../../test/nodes/test-nodes.ts'
import type { RpcSession } from './session.ts'

const node = stoppedAfterEach()

const hundred = (session: RpcSession) => session.batch(Array.from({ length: 100 }, (_, index) => echo(index)))
const HUNDRED = Array.from({ length: 100 }, (_, index) => ({ ok: true, result: index }))

test('the results of a batch are in the order of its calls, whatever the order of the answers', async () => {
  const { url, arrived } = await node(({ batch, calls }) => {
    const answers = calls.map((asked) => answerTo(asked, ECHO)).reverse()
    return { json: batch ? answers : answers[0] }
  })
  expect(await made([url]).rpc.run(hundred, { signal: SIGNAL })).toEqual(HUNDRED)
  expect(arrived.map(({ batch, calls }) => [batch, calls.length])).toEqual([
    [false, 1],
    [true, 100],
  ])
})

test('an error of one call of a batch does not affect the others', async () => {
  const fails = ([value]: readonly unknown[]): unknown => {
    if (value === 1) throw new Fault(-32000, 'no')
    return value
  }
  const { url } = await node(jsonRpc({ ...ECHO, echo: fails }))
  const work = (session: RpcSession) => session.batch([echo(0), echo(1), echo(2)])
  expect(await made([url]).rpc.run(work, { signal: SIGNAL })).toEqual([
    { ok: true, result: 0 },
    { ok: false, error: expect.objectContaining({ code: 'NODE_RPC', message: 'echo: no' }) },
    { ok: true, result: 2 },
  ])
})

const REFUSALS: ReadonlyArray<readonly [string, Reply]> = [
  ['HTTP 400', { status: 400, text: 'bad request' }],
  ['HTTP 405', { status: 405, text: '' }],
  ['invalid request', { json: { jsonrpc: '2.0', id: null, error: { code: -32600, message: 'Invalid Request' } } }],
  [
    'only the message',
    { json: { jsonrpc: '2.0', id: null, error: { code: -32000, message: 'Batch is not supported' } } },
  ],
]

test.each(REFUSALS)(
  'a node that refuses batches (%s) is asked one by one, and the client remembers it',
  async (_, reply) => {
    const { url, arrived } = await node(withoutBatches(ECHO, reply))
    const { rpc } = made([url])
    expect(await rpc.run(hundred, { signal: SIGNAL })).toEqual(HUNDRED)
    expect(await rpc.run(hundred, { signal: SIGNAL })).toEqual(HUNDRED)
    expect(arrived.filter(({ batch }) => batch)).toHaveLength(1)
  },
)

test('after a refused batch, the first call is answered before the others are sent', async () => {
  const done: unknown[] = []
  const record = ([value]: readonly unknown[]): unknown => done.push(value)
  const methods = { ...ECHO, echo: record }
  const { url } = await node(withoutBatches(methods, { status: 400, text: '' }))
  const { rpc } = made([url])
  await rpc.run(hundred, { signal: SIGNAL })
  expect(done[0]).toBe(0)
})

test('a batch over the size limit of the node is split to that limit', async () => {
  const healthy = jsonRpc(ECHO)
  const { url, arrived } = await node((request) => {
    if (request.calls.length <= 30) return healthy(request)
    return { json: { jsonrpc: '2.0', id: null, error: { code: -32600, message: 'batch size over the limit of 30' } } }
  })
  const { rpc } = made([url])
  expect(await rpc.run(hundred, { signal: SIGNAL })).toEqual(HUNDRED)
  expect(arrived.map(({ calls }) => calls.length)).toEqual([1, 100, 30, 30, 30, 10])
})

test('rate-limited calls of a batch are sent again as long as some calls succeed', async () => {
  let budget = 0
  const { url } = await node((request) => {
    budget = 40
    const limited = ([value]: readonly unknown[]): unknown => {
      if (budget-- <= 0) throw new Fault(-32005, 'rate limit exceeded')
      return value
    }
    return jsonRpc({ ...ECHO, echo: limited })(request)
  })
  expect(await made([url]).rpc.run(hundred, { signal: SIGNAL })).toEqual(HUNDRED)
})

test('an answer over the size cap splits a batch, and fails a single call', async () => {
  const methods = { ...ECHO, echo: ([value]: readonly unknown[]) => (value === 7 ? 'x'.repeat(5000) : value) }
  const { url } = await node(jsonRpc(methods))
  const outcomes = await made([url], { maxBytes: 4000 }).rpc.run(hundred, { signal: SIGNAL })
  expect(outcomes.map((outcome) => (outcome.ok ? outcome.result : outcome.error.code))).toEqual(
    HUNDRED.map(({ result }) => (result === 7 ? 'NODE_TOO_LARGE' : result)),
  )
})

test('an answer with a declared length over the cap is aborted', async () => {
  const headers = { 'content-length': '5000' }
  const healthy = jsonRpc(ECHO)
  const { url } = await node((asked) => (asked.nth === 1 ? healthy(asked) : { text: ' '.repeat(5000), headers }))
  const { rpc } = made([url], { maxBytes: 4000 })
  await expect(rpc.run(one, { signal: SIGNAL })).rejects.toMatchObject({ code: 'NODE_TOO_LARGE' })
})

test('the error text of a node is shortened, and so are URLs in it', async () => {
  const echo = (): never => {
    throw new Fault(-32000, `see https://rpc.io/KEY ${'x'.repeat(10_000)}`)
  }
  const { url } = await node(jsonRpc({ ...ECHO, echo }))
  const error = await made([url])
    .rpc.run(one, { signal: SIGNAL })
    .catch((thrown: unknown) => String(thrown))
  expect(error).toMatch(/^ServiceError: echo: see https:\/\/rpc\.io\/… x{200,300}$/)
})

const FAULTS: ReadonlyArray<readonly [string, Reply, string]> = [
  ['a broken connection', 'reset', 'NODE_UNREACHABLE'],
  ['half an answer', 'half', 'NODE_UNREACHABLE'],
  ['an error status', { status: 503, text: 'sorry' }, 'NODE_HTTP'],
  ['a redirect', { status: 302, text: '', headers: { location: 'http://127.0.0.1:1/' } }, 'NODE_HTTP'],
  ['no JSON', { text: '<html>' }, 'NODE_GARBAGE'],
  ['an empty body', { text: '' }, 'NODE_GARBAGE'],
  ['JSON that is no answer', { json: 7 }, 'NODE_GARBAGE'],
  ['neither result nor error', { json: { jsonrpc: '2.0', id: 1 } }, 'NODE_GARBAGE'],
  ['an answer to another call', { json: { jsonrpc: '2.0', id: 999, result: 1 } }, 'NODE_GARBAGE'],
  ['HTTP 429', { status: 429, text: '', headers: { 'retry-after': '0' } }, 'NODE_RATE_LIMITED'],
  [
    'a rate limit message',
    { json: { id: null, error: { code: -32000, message: 'Too Many Requests' } } },
    'NODE_RATE_LIMITED',
  ],
  ['a gateway timeout', { status: 504, text: '' }, 'NODE_TIMEOUT'],
]

test.each(FAULTS)('%s is retried, and the retry succeeds', async (_, reply) => {
  const healthy = jsonRpc(ECHO)
  const { url } = await node((request) => (request.nth === 2 ? reply : healthy(request)))
  const { rpc, counts } = made([url])
  expect(await rpc.run(one, { signal: SIGNAL })).toBe(1)
  expect(counts.retries).toBe(1)
})

test.each(FAULTS)('%s on every attempt gives an error with its own code', async (_, reply, code) => {
  const healthy = jsonRpc(ECHO)
  const { url } = await node((request) => (request.calls[0]?.method === 'echo' ? reply : healthy(request)))
  const { rpc, warnings } = made([url])
  await expect(rpc.run(one, { signal: SIGNAL })).rejects.toMatchObject({ code })
  await expect(rpc.run(one, { signal: SIGNAL })).rejects.toMatchObject({ code })
  expect(warnings).toEqual([['node is failing', { node: url, code, reason: expect.any(String) }]])
})

test('a node that does not answer in time is NODE_TIMEOUT', async () => {
  const { url } = await node(() => 'hang')
  await expect(made([url], { timeoutMs: 20 }).rpc.run(one, { signal: SIGNAL })).rejects.toMatchObject({
    code: 'NODE_TIMEOUT',
  })
})

test.each([401, 403])('HTTP %i is not retried', async (status) => {
  const { url, arrived } = await node(() => ({ status, text: 'no' }))
  await expect(made([url]).rpc.run(one, { signal: SIGNAL })).rejects.toMatchObject({ code: 'NODE_REFUSED' })
  expect(arrived).toHaveLength(1)
})

test('a permanent failure of the work is not retried', async () => {
  const { url, arrived } = await node(jsonRpc({ chain: () => 'A' }))
  await expect(made([url]).rpc.run(one, { signal: SIGNAL })).rejects.toMatchObject({ code: 'NODE_RPC' })
  expect(arrived).toHaveLength(2)
})

test('a bug in the work is not retried and not wrapped', async () => {
  const { url } = await node(jsonRpc(ECHO))
  const work = (): Promise<never> => Promise.reject(new TypeError('bug'))
  await expect(made([url]).rpc.run(work, { signal: SIGNAL })).rejects.toThrow(TypeError)
})

test('work stops when its signal fires during a request, and does not start after that', async () => {
  const stopper = new AbortController()
  const { url, arrived } = await node(() => {
    stopper.abort()
    return 'hang'
  })
  await expect(made([url]).rpc.run(one, { signal: stopper.signal })).rejects.toMatchObject({ code: 'ABORTED' })
  await expect(made([url]).rpc.run(one, { signal: stopper.signal })).rejects.toMatchObject({ code: 'ABORTED' })
  expect(arrived).toHaveLength(1)
})

test("secrets in a node's URL reach the node, but no error or warning", async () => {
  const { url, arrived } = await node(() => ({ status: 500, text: '' }))
  const secret = `${url.replace('http://', 'http://user:hunter2@')}/v2/KEY1?token=KEY2`
  const { rpc, warnings } = made([secret])
  const error = await rpc.run(one, { signal: SIGNAL }).catch((thrown: unknown) => thrown)
  expect(arrived[0]).toMatchObject({ path: '/v2/KEY1?token=KEY2', authorization: 'Basic dXNlcjpodW50ZXIy' })
  expect(error).toMatchObject({ code: 'NODE_HTTP', message: `${url}/… answered HTTP 500` })
  const shown = JSON.stringify([warnings, error, String(error)])
  expect(shown).not.toMatch(/hunter2|KEY1|KEY2/)
})

test('parts of its own URL are cut from a node’s messages: alone, within a batch and for a whole batch', async () => {
  const words = 'project 0123456789ABCDEF of hunter is out of credits, token=K1K2K3 was hunter/pass%word'
  const fault = { code: -32000, message: words, data: { key: '0123456789abcdef' } }
  const { url } = await node(({ batch, calls }) => {
    const answers = calls.map(({ id }) => ({ jsonrpc: '2.0', id, error: fault }))
    return {
      json: batch && calls.length > 2 ? { jsonrpc: '2.0', id: null, error: fault } : batch ? answers : answers[0],
    }
  })
  const secret = `${url.replace('http://', 'http://hunter:pass%25word@')}/v3/0123456789abcdef?token=K1K2K3`
  const { rpc } = made([secret])
  for (const count of [1, 2, 3]) {
    const calls = Array.from({ length: count }, () => echo(1))
    const asked = rpc.run((session) => session.batch(calls), { signal: SIGNAL })
    const said = await asked.then(JSON.stringify, String)
    expect(said).toMatch(/project … of … is out of credits, token=… was …\/…/)
    expect(said).not.toMatch(/0123456789|hunter|K1K2K3|pass%/i)
  }
})

test('a % in a password that begins no escape is sent unchanged', async () => {
  const { url, arrived } = await node(jsonRpc(ECHO))
  const { rpc } = made([url.replace('http://', 'http://u:100%@')])
  expect(await rpc.run(one, { signal: SIGNAL })).toBe(1)
  expect(arrived[0]?.authorization).toBe(`Basic ${Buffer.from('u:100%').toString('base64')}`)
})
