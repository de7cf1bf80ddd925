/** Tests answers of unusual form: batches that are refused in many ways, and HTTP as servers and proxies send it. */
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { ECHO, echo, made, one, SIGNAL } from '../../../test/nodes/rpc-client.ts'
import { type Answer, type Arrived, answerTo, Fault, jsonRpc, type Reply } from '../../../test/nodes/scripted-node.ts'
import { stoppedAfterEach } from '../../../test/nodes/test-nodes.ts'
import type { RpcSession } from './session.ts'

const node = stoppedAfterEach()

const hundred = (session: RpcSession) => session.batch(Array.from({ length: 100 }, (_, index) => echo(index)))
const HUNDRED = Array.from({ length: 100 }, (_, index) => ({ ok: true, result: index }))
const healthy = jsonRpc(ECHO)
const answersOf = ({ calls }: Arrived) => calls.map((asked) => answerTo(asked, ECHO))
const error = (code: number, message: string) => ({ jsonrpc: '2.0', error: { code, message } })

/** A node that takes at most 7 calls per batch, and answers larger batches with `refuse`. */
const takingSeven =
  (refuse: (arrived: Arrived) => Reply): Answer =>
  (arrived) =>
    arrived.calls.length <= 7 ? healthy(arrived) : refuse(arrived)

const LIMITS: ReadonlyArray<readonly [string, (arrived: Arrived) => Reply]> = [
  ['one error with the first id', ({ calls }) => ({ json: [{ ...error(-32600, 'no'), id: calls[0]?.id }] })],
  ['one error with the last id', ({ calls }) => ({ json: [{ ...error(-32000, 'no'), id: calls.at(-1)?.id }] })],
  ['one error without an id', () => ({ json: [{ ...error(-32600, 'batch too large'), id: null }] })],
  ['one error as an object', () => ({ json: { ...error(-32000, 'batch limit 7 exceeded'), id: null } })],
  ['one error with an unknown text', () => ({ json: { ...error(-31999, 'nope'), id: null } })],
  [
    'the same error for each call',
    ({ calls }) => ({ json: calls.map(({ id }) => ({ ...error(-31999, 'nope'), id })) }),
  ],
  ['only the first seven answers', (arrived) => ({ json: answersOf(arrived).slice(0, 7) })],
  ['every other answer', (arrived) => ({ json: answersOf(arrived).filter((_, index) => index % 2 === 0) })],
  ['an empty list', () => ({ json: [] })],
  ['null', () => ({ json: null })],
  ['an object that is not an answer', () => ({ json: { status: 'ok' } })],
  ['HTTP 413', () => ({ status: 413, text: '' })],
  [
    'HTTP 400 with an error body',
    () => ({ status: 400, text: JSON.stringify({ ...error(-32600, 'max 7 calls'), id: null }) }),
  ],
  [
    'HTTP 403 with an error body',
    () => ({ status: 403, text: JSON.stringify({ ...error(-32600, 'plan'), id: null }) }),
  ],
  ['HTTP 403 from a firewall', () => ({ status: 403, text: '<html>' })],
  ['HTTP 500, always', () => ({ status: 500, text: '' })],
  ['HTTP 429, always', () => ({ status: 429, text: '', headers: { 'retry-after': '0' } })],
  [
    'a rate limit error for each call',
    ({ calls }) => ({ json: calls.map(({ id }) => ({ ...error(-32005, 'limit'), id })) }),
  ],
  ['a broken connection', () => 'reset'],
]

describe('a batch that is too large is split, whatever error the node returns', () => {
  test.each(LIMITS)('%s', async (_, refuse) => {
    const { url, arrived } = await node(takingSeven(refuse))
    const { rpc } = made([url], { maxAttempts: 20 })
    expect(await rpc.run(hundred, { signal: SIGNAL })).toEqual(HUNDRED)
    const before = arrived.length
    expect(await rpc.run(hundred, { signal: SIGNAL })).toEqual(HUNDRED)
    // The learned batch size stays: the second run costs few refused requests.
    expect(arrived.slice(before).filter(({ calls }) => calls.length > 7).length).toBeLessThanOrEqual(4)
  })
})

test('batches grow again after the node recovers', async () => {
  const { url, arrived, become } = await node(takingSeven(() => ({ status: 500, text: '' })))
  const { rpc } = made([url], { maxAttempts: 20 })
  await rpc.run(hundred, { signal: SIGNAL })
  become(healthy)
  for (let n = 0; n < 300; n++) await rpc.run(hundred, { signal: SIGNAL })
  const before = arrived.length
  await rpc.run(hundred, { signal: SIGNAL })
  expect(arrived.slice(before).map(({ calls }) => calls.length)).toEqual([100])
})

test('an error that each call also gets alone belongs to the calls, not to the batch', async () => {
  const fails = (): never => {
    throw new Fault(-32603, 'Internal error')
  }
  const { url, arrived } = await node(jsonRpc({ ...ECHO, echo: fails }))
  const outcomes = await made([url]).rpc.run(hundred, { signal: SIGNAL })
  expect(outcomes.every((outcome) => !outcome.ok && outcome.error.code === 'NODE_RPC')).toBe(true)
  expect(arrived.map(({ calls }) => calls.length)).toEqual([1, 100, 1])
})

test('two answers to one call of a batch count as none, and the call is sent alone', async () => {
  const { url } = await node((arrived) => {
    if (!arrived.batch) return healthy(arrived)
    const [first, ...others] = answersOf(arrived)
    return { json: [first, { ...first, result: 'other' }, ...others] }
  })
  const asked = made([url]).rpc.run((session) => session.batch([echo(0), echo(1)]), { signal: SIGNAL })
  expect(await asked).toEqual(HUNDRED.slice(0, 2))
})

describe('HTTP as servers and proxies send it', () => {
  const text = (arrived: Arrived): string => {
    const reply = healthy(arrived)
    return typeof reply === 'object' && 'json' in reply ? JSON.stringify(reply.json) : ''
  }
  const coded = (encoding: string, compress: (text: string) => Buffer): Answer => {
    return (arrived) => ({ bytes: compress(text(arrived)), headers: { 'content-encoding': encoding } })
  }
  const HABITS: ReadonlyArray<readonly [string, Answer]> = [
    ['gzip without a request for it', coded('gzip', gzipSync)],
    ['gzip in capitals', coded('GZIP', gzipSync)],
    ['x-gzip', coded('x-gzip', gzipSync)],
    ['gzip declared as identity', coded('identity', gzipSync)],
    ['deflate', coded('deflate', deflateSync)],
    ['deflate without its header', coded('deflate', deflateRawSync)],
    ['brotli', coded('br', brotliCompressSync)],
    ['gzip twice', coded('gzip, gzip', (body) => gzipSync(gzipSync(body)))],
    ['a byte order mark', (arrived) => ({ text: `\uFEFF${text(arrived)}` })],
    ['ids as text', (arrived) => ({ text: text(arrived).replace(/"id":(\d+)/g, '"id":"$1"') })],
    ['a batch of one for one call', (arrived) => ({ json: answersOf(arrived) })],
    ['HTTP 400 for batches', (arrived) => (arrived.batch ? { status: 400, text: '' } : healthy(arrived))],
  ]

  test.each(HABITS)('%s is understood, alone and in a batch', async (_, answer) => {
    const { url } = await node(answer)
    const { rpc, counts } = made([url])
    expect(await rpc.run(one, { signal: SIGNAL })).toBe(1)
    expect(await rpc.run(hundred, { signal: SIGNAL })).toEqual(HUNDRED)
    expect(counts.retries).toBe(0)
  })

  test.each([
    ['an unknown content encoding', coded('lzw', (body) => Buffer.from(body)), 'NODE_GARBAGE'],
    ['broken gzip', coded('gzip', (body) => Buffer.from(body)), 'NODE_GARBAGE'],
    [
      'gzip that expands beyond the size cap',
      coded('gzip', (body) => gzipSync(body + ' '.repeat(10_000))),
      'NODE_TOO_LARGE',
    ],
  ] as const)('%s is an error', async (_, answer, code) => {
    const { url } = await node(answer)
    await expect(made([url], { maxBytes: 4_000 }).rpc.run(one, { signal: SIGNAL })).rejects.toMatchObject({ code })
  })

  test('HTTP 403 with a JSON-RPC error concerns only that call, and the node stays in use', async () => {
    const batchError = JSON.stringify({ ...error(-32601, 'echo is not in your plan'), id: null })
    const { url } = await node((asked) =>
      asked.calls[0]?.method === 'echo' ? { status: 403, text: batchError } : healthy(asked),
    )
    const { rpc, counts, warnings } = made([url])
    await expect(rpc.run(one, { signal: SIGNAL })).rejects.toMatchObject({ code: 'NODE_RPC' })
    const other = (session: RpcSession) => session.call({ method: 'chain', params: [] })
    expect(await rpc.run(other, { signal: SIGNAL })).toBe('A')
    expect([counts.nodesExcluded, warnings]).toEqual([0, []])
  })

  test('HTTP 403 with an error of another form concerns the node', async () => {
    const { url } = await node(() => ({ status: 403, text: '{"error":"Forbidden"}' }))
    await expect(made([url]).rpc.run(one, { signal: SIGNAL })).rejects.toMatchObject({ code: 'NODE_REFUSED' })
  })
})
