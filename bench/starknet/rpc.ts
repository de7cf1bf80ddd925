import type { Movement } from '../chain/generator.ts'
import { contractCall, tokenOf } from './contract-calls.ts'
import type { StarknetGenerator } from './generator.ts'
import { L1_BELOW, TRANSFER_KEY } from './render.ts'
import type { Outcome, StarknetRpcNode } from './rpc-node.ts'

const CLASS_HASH = '"0x5ffbcfeb50d200a0677c48a129a11245a3fc519d1d98d76882d1c9a1b19c6ed"'
const BLOCK_NOT_FOUND = { code: 24, message: 'Block not found' }
/** The answer to one JSON-RPC call, in consecutive pieces. */
export function answerStarknetCall(node: StarknetRpcNode, call: unknown): readonly Buffer[] {
  const params = field(call, 'params')
  const id = JSON.stringify(field(call, 'id') ?? null)
  const outcome = answer(node, String(field(call, 'method')), params)
  const part = typeof outcome === 'string' ? `"result":${outcome}` : `"error":${JSON.stringify(outcome)}`
  return [Buffer.from(`{"jsonrpc":"2.0","id":${id},${part}}`, 'latin1')]
}

function answer(node: StarknetRpcNode, method: string, params: unknown): Outcome {
  const { head } = node.generator
  switch (method) {
    case 'starknet_specVersion':
      return '"0.10.2"'
    case 'starknet_chainId':
      return '"0x534e5f4d41494e"'
    case 'starknet_syncing':
      return 'false'
    case 'starknet_blockNumber':
      return String(head)
    case 'starknet_blockHashAndNumber':
      return JSON.stringify({ block_hash: node.renderer.blockHash(head), block_number: head })
    case 'starknet_getBlockWithTxHashes':
      return block(node, param(params, 0, 'block_id'), node.renderer.blockWithHashes)
    case 'starknet_getBlockWithReceipts':
      return block(node, param(params, 0, 'block_id'), node.renderer.blockWithReceipts)
    case 'starknet_getEvents':
      node.firstLogsAtMs ??= Date.now()
      return events(node, param(params, 0, 'filter'))
    case 'starknet_getClassHashAt':
      return tokenOf(node, param(params, 1, 'contract_address')) === undefined
        ? { code: 20, message: 'Contract not found' }
        : CLASS_HASH
    case 'starknet_call':
      return contractCall(node, param(params, 0, 'request'), blockNumber(node, param(params, 1, 'block_id')))
    case 'bench_usage':
      return JSON.stringify({ cpuMicroseconds: process.cpuUsage(), firstLogsAtMs: node.firstLogsAtMs })
    case 'bench_reset':
      node.firstLogsAtMs = undefined
      return 'true'
    default:
      return { code: -32601, message: 'Method not found' }
  }
}

function block(node: StarknetRpcNode, id: unknown, render: (number: number) => string): Outcome {
  const number = blockNumber(node, id)
  return number === undefined ? BLOCK_NOT_FOUND : render(number)
}

function events(node: StarknetRpcNode, filter: unknown): Outcome {
  const { generator, renderer, maxChunk } = node
  const chunk = Number(field(filter, 'chunk_size'))
  if (chunk > maxChunk) return { code: 31, message: 'Requested page size is too big' }
  const first = blockNumber(node, field(filter, 'from_block') ?? { block_number: 0 })
  const last = blockNumber(node, field(filter, 'to_block') ?? 'latest')
  if (first === undefined || last === undefined) return BLOCK_NOT_FOUND
  const token = field(filter, 'continuation_token')
  const start = typeof token === 'string' ? indexOf(generator, token) : generator.span(first).start
  if (start === undefined) return { code: 33, message: 'The supplied continuation token is invalid or unknown' }
  const { end } = generator.span(last)
  const wants = acceptor(node, filter)
  if (wants === 'nothing') return '{"events":[]}'
  const found: string[] = []
  let index = start
  const { perBlock } = generator.shape
  for (; index < end && found.length < chunk; index++) {
    if (wants !== 'everything' && !wants(generator.movement(index))) continue
    found.push(renderer.event(index, Math.floor(index / perBlock) + 1))
  }
  const rest = index < end ? `,"continuation_token":"${Math.floor(index / perBlock) + 1}-${index % perBlock}"` : ''
  return `{"events":[${found.join(',')}]${rest}}`
}

/** All events are transfers, so only the first key and the contract decide. */
function acceptor(
  node: StarknetRpcNode,
  filter: unknown,
): 'everything' | 'nothing' | ((movement: Movement) => boolean) {
  const keys = field(filter, 'keys')
  const names: unknown = Array.isArray(keys) ? keys[0] : undefined
  if (Array.isArray(names) && names.length > 0 && !names.includes(TRANSFER_KEY)) return 'nothing'
  const address = field(filter, 'address')
  if (address === undefined) return 'everything'
  const tokens = new Set((Array.isArray(address) ? address : [address]).map((one: unknown) => tokenOf(node, one)))
  return ({ token }) => tokens.has(token)
}

/** The index of the transfer that a token names: `block-offset`. */
function indexOf({ shape, head }: StarknetGenerator, token: string): number | undefined {
  const [, number, offset] = /^(\d+)-(\d+)$/.exec(token) ?? []
  if (number === undefined || offset === undefined || Number(number) < 1 || Number(number) > head) return undefined
  return (Number(number) - 1) * shape.perBlock + Number(offset)
}

const hashes = new WeakMap<StarknetRpcNode, ReadonlyMap<string, number>>()

/** The number of a block that a request names by number, tag or hash. Undefined if there is none. */
function blockNumber(node: StarknetRpcNode, id: unknown): number | undefined {
  const { head } = node.generator
  if (id === 'latest' || id === 'pre_confirmed') return head
  if (id === 'l1_accepted') return Math.max(0, head - L1_BELOW)
  const number = field(id, 'block_number')
  if (typeof number === 'number') return number <= head ? number : undefined
  let known = hashes.get(node)
  if (known === undefined) {
    known = new Map(Array.from({ length: head + 1 }, (_, at) => [node.renderer.blockHash(at), at]))
    hashes.set(node, known)
  }
  return known.get(String(field(id, 'block_hash')))
}

/** A parameter by its place or by its name. */
function param(params: unknown, place: number, name: string): unknown {
  return Array.isArray(params) ? params[place] : field(params, name)
}

function field(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
  return Reflect.get(value, key)
}
