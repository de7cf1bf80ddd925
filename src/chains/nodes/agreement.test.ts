/** Tests which of several nodes the adapter follows, depending on their heads. */
import { expect, test } from 'vitest'
import { headed } from '../../../test/nodes/heads.ts'
import type { Answer } from '../../../test/nodes/scripted-node.ts'
import { stoppedAfterEach } from '../../../test/nodes/test-nodes.ts'
import { assert } from '../../core/assert.ts'
import { parseChainId } from '../../core/chain.ts'
import { createEvmAdapter } from '../evm/adapter.ts'
import type { RpcLimits } from './rpc-limits.ts'

const SIGNAL = new AbortController().signal
/** Far more polls than needed to detect a node that stopped. */
const MANY_POLLS = 1_000

const startNode = stoppedAfterEach()

async function follow(answers: readonly Answer[], limits: Partial<RpcLimits> = {}) {
  const started = await Promise.all(answers.map(startNode))
  const chain = parseChainId('eip155:1')
  assert(chain !== undefined, 'a CAIP-2 id')
  const warnings: unknown[] = []
  const warn = (message: string, { node, reason }: Readonly<Record<string, unknown>>): void =>
    void warnings.push([message, node, reason])
  const options = { chain, rpc: started.map(({ url }) => url), finality: 'finalized', warn } as const
  const { adapter } = createEvmAdapter(options, { pauses: { baseMs: 0, maxMs: 0 }, ...limits })
  return { started, warnings, poll: async () => (await adapter.heads(SIGNAL)).latest.number }
}

test('a preferred node that is far behind from the start is not followed, even on the first poll', async () => {
  const { started, warnings, poll } = await follow([headed(() => 1_000), headed(() => 2_000)])
  expect(await poll()).toBe(2_000)
  const reason = 'is at block 1000, another node at 2000'
  expect(warnings).toEqual([['node is passed over', started[0]?.url, reason]])
})

test('a preferred node that stops advancing is replaced by one that advances', async () => {
  let head = 1_000
  const { started, warnings, poll } = await follow([headed(() => 1_000), headed(() => head)])
  expect(await poll()).toBe(1_000)
  head = 1_010
  for (let polls = 0; polls < 40; polls++) expect(await poll()).toBe(1_000)
  head = 1_011
  let seen = 0
  for (let polls = 0; polls < MANY_POLLS && seen < head; polls++) seen = await poll()
  expect(seen).toBe(1_011)
  expect(warnings).toEqual([['node is passed over', started[0]?.url, 'is at block 1000, another node at 1011']])
})

test('the preferred node is followed when no node advances', async () => {
  const { started, warnings, poll } = await follow([headed(() => 1_000), headed(() => 990)])
  for (let polls = 0; polls < 40; polls++) expect(await poll()).toBe(1_000)
  expect(warnings).toEqual([])
  expect(started[1]?.arrived.length).toBeLessThan(10)
})

test('another node that hangs delays only the first poll, and only briefly', async () => {
  const { poll } = await follow([headed(() => 1_000), () => 'hang'], { maxAskAllMs: 50 })
  expect(await poll()).toBe(1_000)
  for (let polls = 0; polls < 40; polls++) expect(await poll()).toBe(1_000)
})

test('a single node gets no request beyond the poll itself', async () => {
  const { started, poll } = await follow([headed(() => 1_000)])
  await poll()
  const before = started[0]?.arrived.length ?? 0
  for (let polls = 0; polls < 40; polls++) await poll()
  expect((started[0]?.arrived.length ?? 0) - before).toBe(40)
})
