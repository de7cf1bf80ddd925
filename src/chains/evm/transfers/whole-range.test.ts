import { expect, test } from 'vitest'
import { createEitherAdapter } from '../../../../test/chains/packed-adapter.ts'
import { Fault, jsonRpc, type Methods } from '../../../../test/nodes/scripted-node.ts'
import { stoppedAfterEach } from '../../../../test/nodes/test-nodes.ts'
import { assert } from '../../../core/assert.ts'
import { parseChainId } from '../../../core/chain.ts'
import { isRound } from '../../nodes/truncation.ts'
import { quantity } from '../words/hex.ts'
import { TRANSFER } from './decode-log.ts'

const SIGNAL = new AbortController().signal
const HEAD = 99

const startNode = stoppedAfterEach()

const hashOf = (number: number): string => `0x${number.toString(16).padStart(64, '0')}`

/** One log per block. Answers are truncated at `cap` logs without an error. */
function methods(cap: number): Methods {
  return {
    eth_chainId: () => '0x1',
    eth_blockNumber: () => quantity(HEAD),
    eth_getBlockByNumber: ([number]) => ({
      number,
      hash: hashOf(Number(number)),
      parentHash: hashOf(Math.max(0, Number(number) - 1)),
      timestamp: '0x1',
      transactions: [hashOf(Number(number))],
    }),
    eth_getLogs: ([filter]) => {
      const { fromBlock, toBlock } = Object(filter)
      const logs = Array.from({ length: Number(toBlock) - Number(fromBlock) + 1 }, (_, at) =>
        log(Number(fromBlock) + at),
      )
      return logs.slice(0, cap)
    },
    eth_getBlockReceipts: () => {
      throw new Fault(-32601, 'no such method')
    },
  }
}

function log(number: number): Readonly<Record<string, unknown>> {
  return {
    address: `0x${'0'.repeat(36)}70ce`,
    topics: [TRANSFER, `0x${'a'.padStart(64, '0')}`, `0x${'b'.padStart(64, '0')}`],
    data: `0x${'5'.padStart(64, '0')}`,
    blockNumber: quantity(number),
    blockHash: hashOf(number),
    blockTimestamp: '0x1',
    transactionHash: hashOf(number),
    logIndex: '0x0',
    removed: false,
  }
}

async function made(cap: number) {
  const node = await startNode(jsonRpc(methods(cap)))
  const warnings: unknown[] = []
  const warn = (message: string, fields: unknown): void => void warnings.push([message, fields])
  const chain = parseChainId('eip155:1')
  assert(chain !== undefined, 'a CAIP-2 id')
  const { adapter } = createEitherAdapter(
    { chain, rpc: [node.url], finality: 'finalized', warn },
    { pauses: { baseMs: 0, maxMs: 0 } },
  )
  const ranges = (): number =>
    node.arrived.flatMap(({ calls }) => calls).filter(({ method }) => method === 'eth_getLogs').length
  const blocks = (first: number, last: number) => adapter.transfers({ first, last, scope: { type: 'all' } }, SIGNAL)
  return { node, warnings, ranges, blocks }
}

test('an answer truncated at a round number of logs is not accepted, and half the range is suggested', async () => {
  const { node, warnings, blocks } = await made(50)
  await expect(blocks(0, HEAD)).rejects.toMatchObject({ code: 'RANGE_TOO_LARGE', fields: { suggested: 50 } })
  expect(warnings).toEqual([['node truncates answers without an error', { node: node.url, logs: 50 }]])
})

test('an answer with a round number of logs by chance costs one more read of its halves', async () => {
  const { ranges, blocks } = await made(1_000)
  expect(await blocks(0, 49)).toHaveLength(50)
  expect(ranges()).toBe(3)
  expect(await blocks(50, 99)).toHaveLength(50)
  expect(await blocks(0, 24)).toHaveLength(25)
  expect(ranges()).toBe(5)
})

test('a node that once returned more logs does not truncate at fewer', async () => {
  const { ranges, blocks } = await made(1_000)
  expect(await blocks(0, 98)).toHaveLength(99)
  expect(await blocks(0, 49)).toHaveLength(50)
  expect(ranges()).toBe(2)
})

test.each([24, 49, 51, 99, 1_001, 4_095, 9_999, 10_001])('%i is not a round number', (count) => {
  expect(isRound(count)).toBe(false)
})

test.each([25, 100, 256, 1_000, 1_024, 5_000, 10_000, 16_384, 20_000, 100_000])('%i is a round number', (count) => {
  expect(isRound(count)).toBe(true)
})
