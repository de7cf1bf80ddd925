/** What is asked instead if a node answers for its events with an error that does not pass. */
import { describe, expect, test } from 'vitest'
import { Fault, jsonRpc, type Methods, type ScriptedNode } from '../../../../test/nodes/scripted-node.ts'
import { stoppedAfterEach } from '../../../../test/nodes/test-nodes.ts'
import { type TinyBlocks, tinyNode, transfer } from '../../../../test/starknet/tiny-chain.ts'
import { assert } from '../../../core/assert.ts'
import { parseChainId } from '../../../core/chain.ts'
import { createStarknetAdapter } from '../adapter.ts'

const SIGNAL = new AbortController().signal
const ALL = { type: 'all' } as const
const chain = parseChainId('starknet:TNY')
assert(chain !== undefined, 'a CAIP-2 id')

const BLOCKS: TinyBlocks = Array.from({ length: 12 }, (_, n) => [
  [transfer('0x5', ['0xa', '0xb'], { value: BigInt(n) })],
])
const NODE = tinyNode(BLOCKS, { call: () => ['0x12'] })

const startNode = stoppedAfterEach()

async function adapterOf(methods: Methods) {
  const node = await startNode(jsonRpc(methods))
  const warnings: string[] = []
  assert(chain !== undefined, 'a CAIP-2 id')
  const warn = (message: string): void => void warnings.push(message)
  const options = { chain, rpc: [node.url], finality: 'l1_accepted', warn }
  const { adapter } = createStarknetAdapter(options, { pauses: { baseMs: 0, maxMs: 0 }, maxAttempts: 2 })
  return { adapter, warnings, node }
}

/** The calls that failed or not, by method. */
function askedBy(node: ScriptedNode, method: string): number {
  return node.arrived.flatMap(({ calls }) => calls).filter((call) => call.method === method).length
}

describe('blocks whose events a node does not answer are read from receipts', () => {
  const none = 'no node answers the events of a block: its receipts are used'
  test.each<[string, (isNext: boolean) => Fault | undefined, string]>([
    ['every call fails', () => new Fault(-32603, 'Internal error'), none],
    ['every call has an unexpected error', () => new Fault(63, 'An unexpected error occurred'), none],
    [
      'continuation tokens are refused',
      (isNext) => (isNext ? new Fault(33, 'x') : undefined),
      'node does not answer events: receipts are used',
    ],
  ])('%s', async (_, faultOf, warning) => {
    const starknet_getEvents = (params: readonly unknown[]): unknown => {
      const fault = faultOf(Object(params[0]).continuation_token !== undefined)
      if (fault !== undefined) throw fault
      return { events: [], continuation_token: 'next' }
    }
    const { adapter: sound } = await adapterOf(NODE)
    const headers = await sound.headers({ first: 1, last: 11 }, SIGNAL)
    const expected = await sound.transfersOf({ headers, scope: ALL }, SIGNAL)
    const { adapter, warnings } = await adapterOf({ ...NODE, starknet_getEvents })
    expect(await adapter.transfersOf({ headers, scope: ALL }, SIGNAL)).toEqual(expected)
    expect(warnings).toContain(warning)
    // A backfill asks for fewer blocks by itself, down to one.
    await expect(adapter.transfers({ first: 4, last: 5, scope: ALL }, SIGNAL)).rejects.toMatchObject({
      code: 'RANGE_TOO_LARGE',
      fields: { suggested: 1 },
    })
    expect(await adapter.transfers({ first: 4, last: 4, scope: ALL }, SIGNAL)).toEqual([expected[3]])
  })

  test('only those: the others keep their events', async () => {
    const { adapter: sound } = await adapterOf(NODE)
    const headers = await sound.headers({ first: 1, last: 11 }, SIGNAL)
    const starknet_getEvents = (params: readonly unknown[]): unknown => {
      const { from_block, to_block } = Object(params[0])
      const last = headers.find(({ hash }) => hash === to_block.block_hash)
      const first = Number(from_block.block_number ?? last?.number)
      if (first <= 7 && last !== undefined && last.number >= 7) throw new Fault(-32603, 'x')
      return NODE.starknet_getEvents?.(params)
    }
    const expected = await sound.transfersOf({ headers, scope: ALL }, SIGNAL)
    const { adapter, node } = await adapterOf({ ...NODE, starknet_getEvents })
    expect(await adapter.transfersOf({ headers, scope: ALL }, SIGNAL)).toEqual(expected)
    expect(askedBy(node, 'starknet_getBlockWithReceipts')).toBe(1)
  })

  test('a node that answers neither ends the work with its error', async () => {
    const fails = (): never => {
      throw new Fault(-32603, 'Internal error')
    }
    const { adapter: sound } = await adapterOf(NODE)
    const headers = await sound.headers({ first: 1, last: 11 }, SIGNAL)
    const { adapter, node } = await adapterOf({
      ...NODE,
      starknet_getEvents: fails,
      starknet_getBlockWithReceipts: fails,
    })
    await expect(adapter.transfersOf({ headers, scope: ALL }, SIGNAL)).rejects.toMatchObject({ code: 'NODE_RPC' })
    expect(askedBy(node, 'starknet_getEvents')).toBeLessThan(20)
  })
})
