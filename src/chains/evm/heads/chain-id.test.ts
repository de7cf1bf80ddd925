import { expect, test } from 'vitest'
import { type Answer, Fault, jsonRpc } from '../../../../test/nodes/scripted-node.ts'
import { stoppedAfterEach } from '../../../../test/nodes/test-nodes.ts'
import { assert } from '../../../core/assert.ts'
import { parseChainId } from '../../../core/chain.ts'
import type { ChainAdapter } from '../../adapter.ts'
import { createEvmAdapter } from '../adapter.ts'

const SIGNAL = new AbortController().signal
const BLOCK = {
  number: '0x0',
  hash: `0x${'1'.repeat(64)}`,
  parentHash: `0x${'0'.repeat(64)}`,
  timestamp: '0x1',
}

const startNode = stoppedAfterEach()

async function node(answer: Answer): Promise<string> {
  const started = await startNode(answer)
  return started.url
}

function adapterOf(...rpc: readonly string[]): ChainAdapter {
  const chain = parseChainId('eip155:7001')
  assert(chain !== undefined, 'a CAIP-2 id')
  const options = { chain, rpc, finality: 'finalized', warn: () => undefined } as const
  return createEvmAdapter(options, { pauses: { baseMs: 0, maxMs: 0 } }).adapter
}

/** A node that returns these answers to eth_chainId in order, and repeats the last one. */
function saying(...answers: readonly unknown[]): Answer {
  let turn = 0
  return jsonRpc({
    eth_chainId: () => {
      const answer = answers[Math.min(turn++, answers.length - 1)]
      if (answer instanceof Fault) throw answer
      return answer
    },
    net_version: () => '7001',
    eth_getBlockByNumber: () => BLOCK,
  })
}

test.each([
  ['null once', [null, '0x1b59']],
  ['null twice', [null, null, '0x1b59']],
  ['another chain once', ['0x1', '0x1b59']],
  ['nonsense once', [{}, '0x1b59']],
  ['its id as decimal text', ['7001']],
  ['its id as a JSON number', [7001]],
  ['an error that the method does not exist', [new Fault(-32601, 'no such method')]],
  ['an unknown error once', [new Fault(-32603, 'Internal error'), '0x1b59']],
] as const)('a node that answers eth_chainId with %s is followed', async (_, answers) => {
  const heads = await adapterOf(await node(saying(...answers))).heads(SIGNAL)
  expect(heads.latest.hash).toBe(BLOCK.hash)
})

test.each([
  ['null', null],
  ['nonsense', 'main'],
  ['an empty object', {}],
])('a node that always answers eth_chainId with %s is NODE_GARBAGE, not CHAIN_MISMATCH', async (_, answer) => {
  const asked = adapterOf(await node(saying(answer))).heads(SIGNAL)
  await expect(asked).rejects.toMatchObject({ code: 'NODE_GARBAGE' })
})

test('a node that reports another chain twice is CHAIN_MISMATCH', async () => {
  const asked = adapterOf(await node(saying('0x1'))).heads(SIGNAL)
  await expect(asked).rejects.toMatchObject({ code: 'CHAIN_MISMATCH', fields: { answered: 'eip155:1' } })
})
