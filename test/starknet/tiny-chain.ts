/**
 * A small Starknet chain for unit tests, answered by a scripted node: enough of JSON-RPC to read headers, events and
 * receipts. `test/starknet/node` has the node with real state.
 */

import { noCounts } from '../../src/chains/adapter.ts'
import { createRpc } from '../../src/chains/nodes/rpc.ts'
import type { RpcSession } from '../../src/chains/nodes/session.ts'
import { confirmNode, type SpecVersions } from '../../src/chains/starknet/heads/confirm-node.ts'
import { classifyStarknetFault } from '../../src/chains/starknet/words/faults.ts'
import { feltOf, u256Felts } from '../../src/chains/starknet/words/felt.ts'
import { EVENTS } from '../../src/chains/starknet/words/selectors.ts'
import { assert } from '../../src/core/assert.ts'
import { parseChainId } from '../../src/core/chain.ts'
import { isRecord } from '../../src/core/is-record.ts'
import { Fault, jsonRpc, type Methods, startScriptedNode } from '../nodes/scripted-node.ts'

/** An event as a transaction emits it. */
export type TinyEvent = {
  readonly from_address: string
  readonly keys: readonly string[]
  readonly data: readonly string[]
}

/** The events of each transaction of each block, from block 0 on. */
export type TinyBlocks = readonly (readonly (readonly TinyEvent[])[])[]

/** Which version the node speaks; 0.9 gives no indexes and no counts. */
export type Spec = '0.9.0' | '0.10.2'

/** A Transfer event; its accounts stand in the data, or in the keys. */
export function transfer(
  token: string,
  [from, to]: readonly [string, string],
  { value, layout = 'data' }: { readonly value: bigint; readonly layout?: 'data' | 'keys' | 'all_keys' },
): TinyEvent {
  const [sides, amount] = [[from, to], u256Felts(value)]
  if (layout === 'data') return { from_address: token, keys: [EVENTS.Transfer], data: [...sides, ...amount] }
  if (layout === 'keys') return { from_address: token, keys: [EVENTS.Transfer, ...sides], data: amount }
  return { from_address: token, keys: [EVENTS.Transfer, ...sides, ...amount], data: [] }
}

/** An event that moves nothing. */
export function otherEvent(contract: string): TinyEvent {
  return { from_address: contract, keys: ['0x1234'], data: ['0x1'] }
}

/** The hash of a block of a branch. */
export function blockHash(number: number, branch = 0xb): string {
  return feltOf(branch * 0x1_0000_0000 + number + 1)
}

/** The hash of a transaction. */
export function transactionHash(block: number, index: number): string {
  return feltOf(0xa_0000_0000 + block * 1000 + index)
}

/** The methods of a node that has these blocks. Methods of `over` replace them. */
export function tinyNode(
  blocks: TinyBlocks,
  { spec = '0.10.2', over = {}, call }: { readonly spec?: Spec; readonly over?: Methods; readonly call?: Call } = {},
): Methods {
  const at = (id: unknown): number => numberOf(id, blocks.length)
  return {
    starknet_specVersion: () => spec,
    starknet_chainId: () => '0x544e59',
    starknet_blockNumber: () => blocks.length - 1,
    starknet_getBlockWithTxHashes: ([id]) => blockOf(blocks, at(id), { spec, hashesOnly: true }),
    starknet_getBlockWithReceipts: ([id]) => blockOf(blocks, at(id), { spec, hashesOnly: false }),
    starknet_getEvents: ([filter]) => eventsOf(blocks, filter, { spec, at }),
    starknet_call: ([request, id]) => {
      const block = at(id)
      assert(isRecord(request) && Array.isArray(request.calldata), 'a call has a request')
      const { contract_address, entry_point_selector, calldata } = request
      if (call === undefined) throw new Fault(20, 'Contract not found')
      return call({ contract: String(contract_address), selector: String(entry_point_selector), calldata, block })
    },
    ...over,
  }
}

/** Answers a contract's call. */
export type Call = (asked: {
  readonly contract: string
  readonly selector: string
  readonly calldata: readonly string[]
  readonly block: number
}) => readonly string[]

function numberOf(id: unknown, count: number): number {
  let number = -1
  if (id === 'latest') number = count - 1
  else if (id === 'l1_accepted') number = Math.max(0, count - 3)
  else if (isRecord(id) && typeof id.block_number === 'number') number = id.block_number
  else if (isRecord(id)) number = Number(BigInt(String(id.block_hash)) - BigInt(blockHash(0)))
  if (number < 0 || number >= count) throw new Fault(24, 'Block not found')
  return number
}

function blockOf(
  blocks: TinyBlocks,
  number: number,
  { spec, hashesOnly }: { readonly spec: Spec; readonly hashesOnly: boolean },
): unknown {
  const transactions = blocks[number] ?? []
  const counts = { event_count: transactions.flat().length, event_commitment: '0xabc' }
  return {
    status: 'ACCEPTED_ON_L2',
    block_hash: blockHash(number),
    parent_hash: number === 0 ? '0x0' : blockHash(number - 1),
    block_number: number,
    timestamp: 1_700_000_000 + number,
    ...(spec === '0.9.0' ? {} : counts),
    transactions: transactions.map((events, index) => {
      const transaction_hash = transactionHash(number, index)
      return hashesOnly ? transaction_hash : { transaction: {}, receipt: { transaction_hash, events } }
    }),
  }
}

type Emitted = TinyEvent & { readonly block_number: number }

function eventsOf(
  blocks: TinyBlocks,
  filter: unknown,
  { spec, at }: { readonly spec: Spec; readonly at: (id: unknown) => number },
): unknown {
  assert(isRecord(filter), 'a request for events has a filter')
  const { from_block, to_block, address, keys, chunk_size, continuation_token } = filter
  const [first, last] = [at(from_block), at(to_block)]
  const [names] = Array.isArray(keys) ? keys : []
  const addresses = address === undefined ? undefined : [address].flat()
  const all = blocks.flatMap((_, number) => (number < first || number > last ? [] : emittedOf(blocks, number, spec)))
  const matching = all.filter((event) => {
    if (addresses !== undefined && !addresses.includes(event.from_address)) return false
    return !Array.isArray(names) || names.includes(event.keys[0])
  })
  const start = Number(continuation_token ?? 0)
  const end = start + Number(chunk_size)
  const rest = end < matching.length ? { continuation_token: String(end) } : {}
  return { events: matching.slice(start, end), ...rest }
}

function emittedOf(blocks: TinyBlocks, number: number, spec: Spec): readonly Emitted[] {
  return (blocks[number] ?? []).flatMap((events, index) =>
    events.map((event, event_index) => ({
      ...event,
      block_number: number,
      block_hash: blockHash(number),
      transaction_hash: transactionHash(number, index),
      ...(spec === '0.9.0' ? {} : { transaction_index: index, event_index }),
    })),
  )
}

/** Runs work over a session with a scripted node. Returns its result and the parameters of all calls, by method. */
export async function withNode<T>(
  methods: Methods,
  work: (session: RpcSession, versions: SpecVersions) => Promise<T>,
): Promise<{ readonly value: T; readonly asked: (method: string) => readonly unknown[] }> {
  const node = await startScriptedNode(jsonRpc(methods))
  const versions: SpecVersions = new Map()
  const chain = parseChainId('starknet:TNY')
  assert(chain !== undefined, 'a CAIP-2 id')
  const rpc = createRpc({
    urls: [node.url],
    classify: classifyStarknetFault,
    checkNode: (session) => confirmNode(session, { chain, versions, warn: () => undefined }),
    warn: () => undefined,
    counts: noCounts(),
    limits: { maxAttempts: 1, pauses: { baseMs: 0, maxMs: 0 } },
  })
  try {
    const value = await rpc.run((session) => work(session, versions), { signal: new AbortController().signal })
    const calls = node.arrived.flatMap((one) => one.calls)
    return {
      value,
      asked: (method) => calls.filter((call) => call.method === method).map(({ params, named }) => named ?? params[0]),
    }
  } finally {
    await node.stop()
  }
}
