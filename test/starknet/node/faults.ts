import { answerRequest, fieldsOf, type RpcAnswer, RpcError } from '../../../src/demo/starknet/json-rpc.ts'
import type { StarknetNode } from '../../../src/demo/starknet/node.ts'
import type { StarknetBlock } from '../../../src/demo/starknet/state.ts'
import type { Arrived, Asked, Reply } from '../../nodes/scripted-node.ts'

/** Faults of real Starknet nodes and of the services in front of them. */
export const NODE_FAULTS = [
  // Pathfinder issue 2913: the first block without events ends the answer, without a token.
  'stops at an empty block',
  // Pathfinder issue 1844: the rest of the block is lost.
  'one more than the chunk, without a token',
  // Juno issue 2666.
  'the same token again',
  'token refused',
  'events missing',
  'events out of order',
  // Behind one URL, every second request reaches a node that is behind.
  'lagging backend',
  'padded felts',
  'padded hashes',
  'batches refused',
  'HTML',
  'rate limit in the body',
  'block not found',
  'old specification',
] as const
export type NodeFault = (typeof NODE_FAULTS)[number]

/** How far a lagging backend is behind, in blocks. */
const LAG = 7
/** One event in this many is missing. */
const MISSING_EVERY = 3
const HASH_FIELDS = ['block_hash', 'parent_hash', 'transaction_hash', 'transactions']
const HTML = '<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>'

/** A node whose answers have the faults that are switched on. Without any, they are true. */
export class FaultyNode {
  readonly faults = new Set<NodeFault>()
  /** Faults that happened because they were drawn, by name. */
  readonly happened = new Map<NodeFault, number>()
  /** Draws a fault for one request, besides those that are switched on. */
  draw: () => NodeFault | undefined = () => undefined
  /** The fault that was drawn for the last request. */
  drawn: NodeFault | undefined
  readonly #node: StarknetNode
  #calls = 0

  constructor(node: StarknetNode) {
    this.#node = node
  }

  /** How many blocks the node is behind its branch. */
  get lag(): number {
    return this.#node.lag
  }

  set lag(blocks: number) {
    this.#node.lag = blocks
  }

  /** Sets the newest block that the node knows. */
  show(head: StarknetBlock): void {
    this.#node.show(head)
  }

  /** The reply to an HTTP request. */
  reply(arrived: Arrived): Reply {
    return this.#withDrawn(() => this.#reply(arrived))
  }

  /** The answer to one request. Faults of whole HTTP requests have no effect on it. */
  answer(asked: Asked): RpcAnswer {
    return this.#withDrawn(() => this.#answer(asked))
  }

  #withDrawn<T>(run: () => T): T {
    const fault = this.draw()
    this.drawn = fault
    if (fault === undefined || this.faults.has(fault)) return run()
    this.happened.set(fault, (this.happened.get(fault) ?? 0) + 1)
    this.faults.add(fault)
    try {
      return run()
    } finally {
      this.faults.delete(fault)
    }
  }

  #reply({ batch, calls }: Arrived): Reply {
    if (this.faults.has('HTML')) return { text: HTML, headers: { 'content-type': 'text/html' } }
    if (batch && this.faults.has('batches refused')) {
      return {
        json: { jsonrpc: '2.0', id: null, error: { code: -32600, message: 'Batch requests are not supported' } },
      }
    }
    const answers = calls.map((asked) => this.#answer(asked))
    return { json: batch ? answers : answers[0] }
  }

  #answer(asked: Asked): RpcAnswer {
    this.#calls += 1
    const { id, method } = asked
    const refusal = this.#refusal(asked)
    if (refusal !== undefined) {
      const run = (): never => {
        throw refusal
      }
      return answerRequest({ id, method, params: [] }, { [method]: { params: [], run } })
    }
    const answer = this.#lagging(() => this.#node.answer({ id, method, params: this.#changedParams(asked) }))
    return 'result' in answer ? { ...answer, result: this.#changedResult(asked, answer.result) } : answer
  }

  #refusal({ method, params, named }: Asked): RpcError | undefined {
    if (this.faults.has('rate limit in the body')) return new RpcError(429, 'Too Many Requests')
    const text = JSON.stringify(named ?? params)
    if (this.faults.has('block not found') && /block_(hash|number)|block_id/.test(text)) {
      return new RpcError(24, 'Block not found')
    }
    if (this.faults.has('token refused') && method === 'starknet_getEvents' && text.includes('continuation_token')) {
      return new RpcError(33, 'The supplied continuation token is invalid or unknown')
    }
    return undefined
  }

  #lagging(answer: () => RpcAnswer): RpcAnswer {
    if (!this.faults.has('lagging backend') || this.#calls % 2 === 1) return answer()
    const { lag } = this.#node
    this.#node.lag = lag + LAG
    try {
      return answer()
    } finally {
      this.#node.lag = lag
    }
  }

  #changedParams(asked: Asked): unknown {
    if (asked.method === 'starknet_getEvents' && this.faults.has('one more than the chunk, without a token')) {
      const filter = filterOf(asked)
      return [{ ...Object.fromEntries(filter), chunk_size: Number(filter.get('chunk_size')) + 1 }]
    }
    return asked.named ?? asked.params
  }

  #changedResult(asked: Asked, result: unknown): unknown {
    if (asked.method === 'starknet_specVersion' && this.faults.has('old specification')) return '0.8.1'
    const changed = asked.method === 'starknet_getEvents' ? this.#changedPage(asked, result) : result
    if (this.faults.has('padded felts')) return padded(changed, () => true)
    return this.faults.has('padded hashes') ? padded(changed, (field) => HASH_FIELDS.includes(field)) : changed
  }

  #changedPage(asked: Asked, result: unknown): unknown {
    const page = fieldsOf(result)
    const filter = filterOf(asked)
    let events: readonly unknown[] = listOf(page.get('events'))
    let token = page.get('continuation_token')
    if (this.faults.has('one more than the chunk, without a token')) token = undefined
    if (this.faults.has('the same token again')) token = filter.get('continuation_token') ?? token
    if (this.faults.has('events missing')) events = events.filter((_, at) => at % MISSING_EVERY !== 1)
    if (this.faults.has('events out of order')) events = [...events].reverse()
    if (this.faults.has('stops at an empty block')) {
      const before = this.#beforeGap(events, filter)
      if (before.length < events.length) token = undefined
      events = before
    }
    return { events, ...(token === undefined ? {} : { continuation_token: token }) }
  }

  /** The events up to the first block of the range without any. */
  #beforeGap(events: readonly unknown[], filter: ReadonlyMap<string, unknown>): readonly unknown[] {
    const from = filter.get('from_block')
    let next = from === undefined ? 0 : this.#node.find(from).number
    const token = filter.get('continuation_token')
    if (typeof token === 'string') next = Number(token.split('-')[0])
    const end = events.findIndex((event) => {
      const number = Number(fieldsOf(event).get('block_number'))
      if (number > next) return true
      next = number + 1
      return false
    })
    return end === -1 ? events : events.slice(0, end)
  }
}

function filterOf({ params, named }: Asked): ReadonlyMap<string, unknown> {
  return fieldsOf(named?.filter ?? params[0])
}

/** A result with felts of 64 digits, in the fields that are chosen. */
function padded(value: unknown, chosen: (field: string) => boolean, field = ''): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => padded(item, chosen, field))
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, padded(item, chosen, key)]))
  }
  const isFelt = typeof value === 'string' && /^0x[0-9a-f]+$/.test(value)
  return isFelt && chosen(field) ? `0x${value.slice(2).padStart(64, '0')}` : value
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
