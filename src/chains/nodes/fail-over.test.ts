import { expect, test } from 'vitest'
import { ECHO, echo, made, one, SIGNAL } from '../../../test/nodes/rpc-client.ts'
import { Fault, jsonRpc } from '../../../test/nodes/scripted-node.ts'
import { stoppedAfterEach } from '../../../test/nodes/test-nodes.ts'
import { ServiceError } from '../../core/errors.ts'
import type { RpcSession } from './session.ts'

const node = stoppedAfterEach()

test('the next node answers while the first fails, the first answers once it recovers, and each change is logged once', async () => {
  const first = await node(() => ({ status: 500, text: '' }))
  const second = await node(jsonRpc({ ...ECHO, echo: () => 'second' }))
  const { rpc, warnings } = made([first.url, second.url])
  expect(await rpc.run(one, { signal: SIGNAL })).toBe('second')
  expect(await rpc.run(one, { signal: SIGNAL })).toBe('second')
  expect(await rpc.run(one, { signal: SIGNAL })).toBe('second')
  first.become(jsonRpc(ECHO))
  expect(await rpc.run(one, { signal: SIGNAL })).toBe(1)
  expect(warnings).toEqual([
    ['node is failing', { node: first.url, code: 'NODE_HTTP', reason: `${first.url} answered HTTP 500` }],
    ['node is back', { node: first.url }],
  ])
})

test('a paused node is not asked while another one is healthy', async () => {
  const first = await node(() => ({ status: 429, text: '', headers: { 'retry-after': '30' } }))
  const second = await node(jsonRpc(ECHO))
  const { rpc } = made([first.url, second.url])
  await rpc.run(one, { signal: SIGNAL })
  await rpc.run(one, { signal: SIGNAL })
  expect(first.arrived).toHaveLength(1)
})

test('a pause longer than callers wait fails at once with the error of the node', async () => {
  const { url, arrived } = await node(() => ({ status: 429, text: '', headers: { 'retry-after': '30' } }))
  const { rpc } = made([url])
  await expect(rpc.run(one, { signal: SIGNAL })).rejects.toMatchObject({ code: 'NODE_RATE_LIMITED' })
  await expect(rpc.run(one, { signal: SIGNAL })).rejects.toMatchObject({ code: 'NODE_RATE_LIMITED' })
  expect(arrived).toHaveLength(1)
})

test('a node of another chain is passed over, and is an error when there is no other node', async () => {
  const wrong = await node(jsonRpc({ ...ECHO, chain: () => 'B' }))
  const right = await node(jsonRpc(ECHO))
  expect(await made([wrong.url, right.url]).rpc.run(one, { signal: SIGNAL })).toBe(1)
  await expect(made([wrong.url]).rpc.run(one, { signal: SIGNAL })).rejects.toMatchObject({ code: 'CHAIN_MISMATCH' })
})

test('the check of all nodes leaves out nodes of another chain with a warning, and fails when no node is left', async () => {
  const wrong = await node(jsonRpc({ ...ECHO, chain: () => 'B' }))
  const right = await node(jsonRpc(ECHO))
  const { rpc, warnings, counts } = made([wrong.url, right.url], { pauses: { baseMs: 0, maxMs: 10_000 } })
  await rpc.checkAllNodes(SIGNAL)
  expect(await rpc.run(one, { signal: SIGNAL })).toBe(1)
  const fields = { node: wrong.url, code: 'CHAIN_MISMATCH', reason: 'another chain' }
  expect(warnings).toEqual([['node is left out', fields]])
  expect(counts.nodesExcluded).toBe(1)
  expect(wrong.arrived).toHaveLength(1)
  const alone = made([wrong.url, wrong.url]).rpc
  await expect(alone.checkAllNodes(SIGNAL)).rejects.toMatchObject({ code: 'CHAIN_MISMATCH' })
})

test('a right node that recovers is used again, despite a node of another chain beside it', async () => {
  const wrong = await node(jsonRpc({ ...ECHO, chain: () => 'B' }))
  const down = await node(() => ({ status: 503, text: '' }))
  for (const urls of [
    [wrong.url, down.url],
    [down.url, wrong.url],
  ]) {
    const { rpc } = made(urls)
    await rpc.checkAllNodes(SIGNAL)
    await expect(rpc.run(one, { signal: SIGNAL })).rejects.toMatchObject({ code: 'NODE_HTTP' })
    down.become(jsonRpc(ECHO))
    expect(await rpc.run(one, { signal: SIGNAL })).toBe(1)
    down.become(() => ({ status: 503, text: '' }))
  }
})

test('askAll asks each node once and leaves out those that fail, and a distrusted node is passed over', async () => {
  const first = await node(jsonRpc({ ...ECHO, echo: () => 'first' }))
  const second = await node(jsonRpc({ ...ECHO, echo: () => 'second' }))
  const down = await node(() => 'reset')
  const { rpc, warnings } = made([first.url, down.url, second.url])
  const voices = await rpc.askAll(one, SIGNAL)
  expect(voices.map(({ value }) => value)).toEqual(['first', 'second'])
  voices[0]?.distrust(new ServiceError('NODE_GARBAGE', 'answers differently from all others'))
  expect(await rpc.run(one, { signal: SIGNAL })).toBe('second')
  expect(warnings).toEqual([
    ['node is passed over', { node: first.url, reason: 'answers differently from all others' }],
  ])
})

/** Errors of a first node that do not predict the answer of the next one. */
const UNKNOWN: ReadonlyArray<readonly [number, string]> = [
  [-32603, 'Internal error'],
  [-32000, 'method handler crashed'],
  [-32701, 'Please specify an address in your request'],
  [-32047, 'an error text that no table lists'],
  [35, 'upstream not able to serve'],
]

test.each(UNKNOWN)('%i %s of one node is final only after the other node was asked', async (code, message) => {
  const fails = (): never => {
    throw new Fault(code, message)
  }
  const first = await node(jsonRpc({ ...ECHO, echo: fails }))
  const second = await node(jsonRpc(ECHO))
  const { rpc, warnings } = made([first.url, second.url])
  for (let n = 0; n < 10; n++) expect(await rpc.run(one, { signal: SIGNAL, workKind: 'echo' })).toBe(1)
  // After two failures of this kind of work the node is asked last for it, and still first for other work.
  expect(first.arrived.flatMap(({ calls }) => calls).filter(({ method }) => method === 'echo')).toHaveLength(2)
  await rpc.run((session) => session.call({ method: 'chain', params: [] }), { signal: SIGNAL, workKind: 'chain' })
  expect(first.arrived.at(-1)?.calls[0]?.method).toBe('chain')
  expect(warnings).toEqual([])
  second.become(jsonRpc({ ...ECHO, echo: fails }))
  await expect(rpc.run(one, { signal: SIGNAL, workKind: 'echo' })).rejects.toMatchObject({ code: 'NODE_RPC' })
})

test('an error is final only after each of many nodes was asked once, and no node is asked twice', async () => {
  const fails = (): never => {
    throw new Fault(-32603, 'Internal error')
  }
  const many = await Promise.all(Array.from({ length: 8 }, () => node(jsonRpc({ ...ECHO, echo: fails }))))
  const { rpc } = made(many.map(({ url }) => url))
  await expect(rpc.run(one, { signal: SIGNAL })).rejects.toMatchObject({ code: 'NODE_RPC' })
  const asked = many.map(({ arrived }) => arrived.flatMap(({ calls }) => calls).filter((c) => c.method === 'echo'))
  expect(asked.map(({ length }) => length)).toEqual(many.map(() => 1))
  many[7]?.become(jsonRpc(ECHO))
  expect(await rpc.run(one, { signal: SIGNAL })).toBe(1)
})

test.each([
  ['paces', () => ({ status: 429, text: '', headers: { 'retry-after': '30' } })],
  ['refuses the key', () => ({ status: 401, text: '' })],
  ['resets the connection', () => 'reset' as const],
  ['does not report its chain', jsonRpc({ echo: () => 1 })],
] as const)('a node of another chain beside one that %s does not make the error CHAIN_MISMATCH', async (_, answer) => {
  const wrong = await node(jsonRpc({ ...ECHO, chain: () => 'B' }))
  const other = await node(answer)
  for (const urls of [
    [wrong.url, other.url],
    [other.url, wrong.url],
  ]) {
    const { rpc } = made(urls, { pauses: { baseMs: 0, maxMs: 10_000 } })
    await rpc.checkAllNodes(SIGNAL)
    for (let n = 0; n < 3; n++) {
      const failed = await rpc.run(one, { signal: SIGNAL }).catch((error: unknown) => error)
      expect(failed).toBeInstanceOf(ServiceError)
      expect(failed).not.toMatchObject({ code: 'CHAIN_MISMATCH' })
    }
  }
})

test.each([
  ['paces', { status: 429, text: '', headers: { 'retry-after': '0' } }],
  ['answers HTML', { text: '<html>' }],
  ['answers HTTP 502', { status: 502, text: '' }],
] as const)(
  'work of several requests continues, and does not start again from the first, when its node sometimes %s',
  async (_, reply) => {
    const healthy = jsonRpc(ECHO)
    const { url, arrived } = await node((one) => (one.nth % 3 === 0 ? reply : healthy(one)))
    const { rpc, counts } = made([url])
    const work = async (session: RpcSession): Promise<unknown[]> => {
      const answers: unknown[] = []
      for (let n = 0; n < 7; n++) answers.push(await session.call(echo(n)))
      return answers
    }
    expect(await rpc.run(work, { signal: SIGNAL })).toEqual([0, 1, 2, 3, 4, 5, 6])
    expect([counts.retries, arrived.length]).toEqual([0, 11])
  },
)
