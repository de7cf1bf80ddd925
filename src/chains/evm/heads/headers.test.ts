import { describe, expect, test } from 'vitest'
import { blockAt, headed } from '../../../../test/nodes/heads.ts'
import { Fault, type ScriptedNode } from '../../../../test/nodes/scripted-node.ts'
import { stoppedAfterEach } from '../../../../test/nodes/test-nodes.ts'
import { assert } from '../../../core/assert.ts'
import { parseChainId } from '../../../core/chain.ts'
import type { ChainAdapter } from '../../adapter.ts'
import { createEvmAdapter } from '../adapter.ts'

const SIGNAL = new AbortController().signal
const HEAD = 1_000
const FINAL = 900
const final = (): unknown => blockAt(FINAL)
/** The finalized head for a node that knows no finalized block. */
const CONFIRMED = HEAD - 64

const startNode = stoppedAfterEach()

function failing(code: number, message: string): () => never {
  return () => {
    throw new Fault(code, message)
  }
}

async function node(finalized: () => unknown): Promise<ScriptedNode> {
  const started = await startNode(headed(() => HEAD, finalized))
  return started
}

function adapterOf(...some: readonly ScriptedNode[]): ChainAdapter {
  const chain = parseChainId('eip155:1')
  assert(chain !== undefined, 'a CAIP-2 id')
  const options = { chain, rpc: some.map(({ url }) => url), finality: 'finalized', warn: () => undefined } as const
  return createEvmAdapter(options, { pauses: { baseMs: 0, maxMs: 0 } }).adapter
}

async function finalizedOf(adapter: ChainAdapter): Promise<number> {
  return (await adapter.heads(SIGNAL)).finalized.number
}

const UNKNOWN: readonly [string, () => unknown][] = [
  ['null', () => null],
  ['an unknown block', failing(-39001, 'Unknown block')],
  ['invalid params', failing(-32602, 'invalid argument 0: hex string without 0x prefix')],
  ['invalid params only in the message', failing(-32000, 'unsupported block tag: finalized')],
  ['no method', failing(-32601, 'the method does not exist')],
]

describe('a node that does not know the finalized tag gets 64 confirmations', () => {
  test.each(UNKNOWN)('%s', async (_, finalized) => {
    expect(await finalizedOf(adapterOf(await node(finalized)))).toBe(CONFIRMED)
  })
})

describe('a node that once returned a finalized block does not fall back to confirmations', () => {
  test.each(UNKNOWN)('%s', async (_, finalized) => {
    const one = await node(final)
    const adapter = adapterOf(one)
    expect(await finalizedOf(adapter)).toBe(FINAL)
    one.become(headed(() => HEAD, finalized))
    await expect(adapter.heads(SIGNAL)).rejects.toMatchObject({ code: expect.stringMatching(/^NODE_/) })
    one.become(headed(() => HEAD, final))
    expect(await finalizedOf(adapter)).toBe(FINAL)
  })
})

describe('a node that fails makes no block final', () => {
  const FAILURES: readonly [string, () => never][] = [
    ['an internal error', failing(-32603, 'Internal error')],
    ['an error of its upstream', failing(-32000, 'failed to parse the answer: unexpected EOF')],
    ['a timeout error', failing(-32000, 'request timed out')],
    ['a rate limit', failing(-32005, 'rate limit exceeded')],
  ]
  test.each(FAILURES)('%s', async (_, finalized) => {
    await expect(adapterOf(await node(finalized)).heads(SIGNAL)).rejects.toMatchObject({
      code: expect.stringMatching(/^NODE_/),
    })
    const second = await node(final)
    expect(await finalizedOf(adapterOf(await node(finalized), second))).toBe(FINAL)
  })
})
