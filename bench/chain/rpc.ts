import { type BalanceIndex, createBalanceIndex } from './balances.ts'
import { type Generator, MINT_AMOUNT, MINT_EVERY } from './generator.ts'
import { type Accepts, type Renderer, TRANSFER_TOPIC } from './render.ts'

/** The data and the counters of a generated node. */
export type RpcNode = {
  readonly generator: Generator
  readonly renderer: Renderer
  readonly chainId: number
  /** The node refuses a range with more logs than this and suggests a smaller one, as hosted nodes do. */
  readonly maxLogs: number
  /** Time of the first eth_getLogs since `bench_reset`, in Unix milliseconds. */
  firstLogsAtMs: number | undefined
}

/** Distance of the finalized head below the newest block: two epochs of 32 slots. */
const FINALIZED_BELOW = 64
const SAFE_BELOW = 32
const NATIVE_BALANCE = '0xde0b6b3a7640000'
/** Any code will do: an address without code is not a token. */
const TOKEN_CODE = `0x${'60806040'.repeat(32)}`

/** A result as JSON, in pieces, or a JSON-RPC error. */
type Outcome = { readonly result: Buffer } | { readonly code: number; readonly message: string }

/** The answer to one JSON-RPC call, in consecutive pieces. */
export function answerCall(node: RpcNode, call: unknown): readonly Buffer[] {
  const method = String(field(call, 'method'))
  const params = field(call, 'params')
  const id = JSON.stringify(field(call, 'id') ?? null)
  const outcome = answer(node, method, Array.isArray(params) ? params : [])
  if ('result' in outcome) {
    return [Buffer.from(`{"jsonrpc":"2.0","id":${id},"result":`), outcome.result, Buffer.from('}')]
  }
  return [Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: field(call, 'id') ?? null, error: outcome }))]
}

function answer(node: RpcNode, method: string, params: readonly unknown[]): Outcome {
  const { generator } = node
  switch (method) {
    case 'eth_chainId':
      return json(quantity(node.chainId))
    case 'net_version':
      return json(String(node.chainId))
    case 'web3_clientVersion':
      return json('generated/1')
    case 'eth_syncing':
      return json(false)
    case 'eth_blockNumber':
      return json(quantity(generator.head))
    case 'eth_getBlockByNumber':
      return block(node, blockNumber(generator, params[0]))
    case 'eth_getBlockByHash':
      return block(node, blockOfHash(node, params[0]))
    case 'eth_getLogs':
      node.firstLogsAtMs ??= Date.now()
      return logs(node, params[0])
    case 'eth_getBalance':
      return json(NATIVE_BALANCE)
    case 'eth_getCode':
      return json(tokenOf(node, String(params[0]).toLowerCase()) === undefined ? '0x' : TOKEN_CODE)
    case 'eth_call':
      return contractCall(node, params[0], params[1])
    case 'bench_usage':
      return json({ cpuMicroseconds: process.cpuUsage(), firstLogsAtMs: node.firstLogsAtMs })
    case 'bench_reset':
      node.firstLogsAtMs = undefined
      return json(true)
    default:
      return { code: -32601, message: `the method ${method} does not exist/is not available` }
  }
}

function block(node: RpcNode, number: number | undefined): Outcome {
  if (number === undefined || number < 0 || number > node.generator.head) return json(null)
  return { result: Buffer.from(node.renderer.block(number)) }
}

function logs(node: RpcNode, filter: unknown): Outcome {
  const { generator, renderer, maxLogs } = node
  const hash = field(filter, 'blockHash')
  const only = hash === undefined ? undefined : blockOfHash(node, hash)
  if (hash !== undefined && only === undefined) return { code: -32000, message: 'unknown block' }
  const first = only ?? blockNumber(generator, field(filter, 'fromBlock') ?? 'latest')
  const last = only ?? blockNumber(generator, field(filter, 'toBlock') ?? 'latest')
  if (first === undefined || last === undefined || first > last) return { code: -32602, message: 'invalid block range' }
  if (first > generator.head) return json([])
  const bounded = { first, last: Math.min(last, generator.head) }
  const found = generator.span(bounded.last).end - generator.span(first).start
  if (found > maxLogs) {
    const fits = quantity(first + Math.max(1, Math.floor(maxLogs / generator.shape.perBlock)) - 1)
    const range = `[${quantity(first)}, ${fits}]`
    return { code: -32005, message: `query returned more than ${maxLogs} results. Try with this block range ${range}.` }
  }
  const topics = field(filter, 'topics')
  const [signature, from, to] = Array.isArray(topics) ? topics : []
  if (!allows(signature, TRANSFER_TOPIC)) return json([])
  const accepts = acceptor(renderer, { address: field(filter, 'address'), from, to })
  return { result: renderer.logs(bounded, accepts) }
}

/** Undefined if every movement is wanted, which is the usual and fast case. */
function acceptor(renderer: Renderer, filter: { address: unknown; from: unknown; to: unknown }): Accepts | undefined {
  const { address, from, to } = filter
  if ([address, from, to].every((part) => part === undefined || part === null)) return undefined
  const topic = (account: number): string =>
    `0x${(account < 0 ? '' : renderer.accountAddress(account).slice(2)).padStart(64, '0')}`
  return (movement) =>
    allows(address, renderer.tokenAddress(movement.token)) &&
    allows(from, topic(movement.from)) &&
    allows(to, topic(movement.to))
}

/** True if a filter (absent, one value, or alternatives) allows a lower-case value. */
function allows(filter: unknown, value: string): boolean {
  if (filter === undefined || filter === null) return true
  if (Array.isArray(filter)) return filter.length === 0 || filter.some((one) => allows(one, value))
  return String(filter).toLowerCase() === value
}

/** Answers balances and metadata like a well-behaved token. Any other call reverts. */
function contractCall(node: RpcNode, call: unknown, at: unknown): Outcome {
  const token = tokenOf(node, String(field(call, 'to')).toLowerCase())
  if (token === undefined) return json('0x')
  const data = field(call, 'data') ?? field(call, 'input')
  switch (String(data).slice(0, 10)) {
    case '0x70a08231':
      return balanceOf(node, { token, address: `0x${String(data).slice(34, 74).toLowerCase()}`, at })
    case '0x06fdde03':
      return json(encodeText(`Generated ${token}`))
    case '0x95d89b41':
      return json(encodeText(`GEN${token}`))
    case '0x313ce567':
      return json(`0x${(18).toString(16).padStart(64, '0')}`)
    case '0x18160ddd':
      return json(`0x${supplyOf(node, token).toString(16).padStart(64, '0')}`)
    default:
      return { code: 3, message: 'execution reverted' }
  }
}

const indexes = new WeakMap<RpcNode, { readonly index: BalanceIndex | undefined }>()

function balanceOf(
  node: RpcNode,
  asked: { readonly token: number; readonly address: string; readonly at: unknown },
): Outcome {
  const { token, address, at } = asked
  const hash = field(at, 'blockHash')
  const block = hash === undefined ? blockNumber(node.generator, at ?? 'latest') : blockOfHash(node, hash)
  if (block === undefined || block > node.generator.head) return { code: -32001, message: 'block not found' }
  let known = indexes.get(node)
  if (known === undefined) {
    known = {
      index: createBalanceIndex(node.generator, {
        accounts: node.generator.shape.accounts,
        accountAddress: node.renderer.accountAddress,
      }),
    }
    indexes.set(node, known)
  }
  if (known.index === undefined) return { code: 3, message: 'execution reverted' }
  return json(`0x${(known.index.balanceAt(token, address, block) ?? 0n).toString(16).padStart(64, '0')}`)
}

const mints = new WeakMap<RpcNode, readonly number[]>()

/**
 * A token's supply at the head, whatever the block. It must be correct, or the audit would conclude that the events do not give the
 * balances.
 */
function supplyOf(node: RpcNode, token: number): bigint {
  let known = mints.get(node)
  if (known === undefined) {
    const { shape, movement } = node.generator
    const counts = Array.from({ length: shape.tokens }, () => 0)
    for (let index = 0; index < shape.transfers; index += MINT_EVERY) {
      const { token: minted } = movement(index)
      counts[minted] = (counts[minted] ?? 0) + 1
    }
    known = counts
    mints.set(node, known)
  }
  return BigInt(known[token] ?? 0) * MINT_AMOUNT
}

const tokens = new WeakMap<RpcNode, ReadonlyMap<string, number>>()

function tokenOf(node: RpcNode, address: string): number | undefined {
  let known = tokens.get(node)
  if (known === undefined) {
    const length = node.generator.shape.tokens
    known = new Map(Array.from({ length }, (_, token) => [node.renderer.tokenAddress(token), token]))
    tokens.set(node, known)
  }
  return known.get(address)
}

const hashes = new WeakMap<RpcNode, Map<string, number>>()

/**
 * The number of the block with this hash, or undefined. Readers ask for blocks near the head, so those need no table.
 */
function blockOfHash(node: RpcNode, hash: unknown): number | undefined {
  if (typeof hash !== 'string') return undefined
  const { head } = node.generator
  for (let number = head; number >= Math.max(0, head - 256); number--) {
    if (node.renderer.blockHash(number) === hash) return number
  }
  let known = hashes.get(node)
  if (known === undefined) {
    known = new Map(Array.from({ length: head + 1 }, (_, number) => [node.renderer.blockHash(number), number]))
    hashes.set(node, known)
  }
  return known.get(hash)
}

function blockNumber(generator: Generator, tag: unknown): number | undefined {
  const { head } = generator
  if (tag === 'latest' || tag === 'pending') return head
  if (tag === 'safe') return Math.max(0, head - SAFE_BELOW)
  if (tag === 'finalized') return Math.max(0, head - FINALIZED_BELOW)
  if (tag === 'earliest') return 0
  return typeof tag === 'string' && /^0x[0-9a-f]+$/.test(tag) ? Number(tag) : undefined
}

/** ABI encoding of a string of at most 32 bytes. */
function encodeText(text: string): string {
  const word = (value: number): string => value.toString(16).padStart(64, '0')
  return `0x${word(32)}${word(text.length)}${Buffer.from(text, 'latin1').toString('hex').padEnd(64, '0')}`
}

function json(value: unknown): Outcome {
  return { result: Buffer.from(JSON.stringify(value)) }
}

function quantity(value: number): string {
  return `0x${value.toString(16)}`
}

function field(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
  return Reflect.get(value, key)
}
