import { type BlockId, Branch } from './branch.ts'
import { callContract, type MissingError } from './call.ts'
import type { StarknetChain } from './chain.ts'
import { type Felt, shortString, ZERO } from './felt.ts'
import { pageOfEvents } from './get-events.ts'
import { answerRequest, type Method, type Request, type RpcAnswer, RpcError } from './json-rpc.ts'
import { readBlockId, readCall, readFelt, readFilter } from './params.ts'
import {
  renderEvent,
  renderHeader,
  renderReceipt,
  renderTransaction,
  type Said,
  type Spec,
  type Status,
} from './render.ts'
import type { StarknetBlock, Transaction } from './state.ts'

/** What a node is like. */
export type NodeOptions = {
  readonly spec?: Spec
  /** The chain id as text. */
  readonly chainId?: string
  /** The most events of one page. */
  readonly maxChunk?: number
  /** The most values in the key filter. */
  readonly maxKeys?: number
  /** The most blocks that one answer of `starknet_getEvents` looks at. */
  readonly scanBlocks?: number
  /** The code that a call of a missing function gets. */
  readonly missingEntryPoint?: 21 | 40
  /** The root of a block's events. Without it, headers do not give one. */
  readonly commit?: (block: StarknetBlock) => Felt
}

const MAX_CHUNK = 1_024
const MAX_KEYS = 256

/**
 * A Starknet node that answers JSON-RPC (https://github.com/starkware-libs/starknet-specs, 0.9 and 0.10) from a
 * simulated chain. Its answers are true for the branch that it follows.
 */
export class StarknetNode {
  readonly #chain: StarknetChain
  readonly #options: NodeOptions
  readonly #branch: Branch
  /** Blocks below this number are pruned: the node has neither them nor their events and states. */
  prunedBelow = 0
  /** How many blocks it is behind its branch. */
  lag = 0

  constructor(chain: StarknetChain, options: NodeOptions = {}) {
    this.#chain = chain
    this.#options = options
    this.#branch = new Branch(chain.head)
  }

  /** Sets the newest block that the node knows. */
  show(head: StarknetBlock): void {
    this.#branch.follow(head)
  }

  /** Its newest block. */
  get head(): StarknetBlock {
    return this.lag === 0 ? this.#branch.head : this.#branch.behind(this.lag)
  }

  /** The answer to one JSON-RPC request. */
  answer(request: Request): RpcAnswer {
    return answerRequest(request, this.#methods)
  }

  /** A block that a request names. @throws RpcError 24, -32602 */
  find(id: unknown): StarknetBlock {
    return this.#block(readBlockId(id))
  }

  get #spec(): Spec {
    return this.#options.spec ?? '0.10.2'
  }

  get #missing(): MissingError {
    if (this.#options.missingEntryPoint === 40) return { code: 40 }
    // The one message that differs between the specifications.
    const name = this.#spec === '0.9.0' ? 'entrypoint' : 'entry point'
    return { code: 21, message: `Requested ${name} does not exist in the contract` }
  }

  readonly #methods: Readonly<Record<string, Method>> = {
    starknet_specVersion: { params: [], run: () => this.#spec },
    starknet_chainId: { params: [], run: () => shortString(this.#options.chainId ?? 'SN_MAIN') },
    starknet_syncing: { params: [], run: () => false },
    starknet_blockNumber: { params: [], run: () => this.head.number },
    starknet_blockHashAndNumber: {
      params: [],
      run: () => ({ block_hash: this.head.hash, block_number: this.head.number }),
    },
    starknet_getBlockWithTxHashes: {
      params: ['block_id'],
      run: (id) => this.#render(this.find(id), ({ hash }) => hash),
    },
    starknet_getBlockWithReceipts: {
      params: ['block_id', 'response_flags'],
      run: (id) =>
        this.#render(this.find(id), (transaction, status) => ({
          transaction: renderTransaction(transaction),
          receipt: renderReceipt(transaction, status),
        })),
    },
    starknet_getBlockTransactionCount: { params: ['block_id'], run: (id) => this.find(id).transactions.length },
    starknet_getEvents: { params: ['filter'], run: (filter) => this.#events(filter) },
    starknet_call: {
      params: ['request', 'block_id'],
      run: (request, id) => {
        const call = readCall(request)
        return callContract(this.find(id).state, call, this.#missing)
      },
    },
    starknet_getClassHashAt: {
      params: ['block_id', 'contract_address'],
      run: (id, address) => this.#class(id, address),
    },
    starknet_getTransactionByHash: {
      params: ['transaction_hash', 'response_flags'],
      byName: true,
      run: (hash) => {
        const { transaction } = this.#transaction(hash)
        return { transaction_hash: transaction.hash, ...renderTransaction(transaction) }
      },
    },
    starknet_getTransactionReceipt: {
      params: ['transaction_hash'],
      byName: true,
      run: (hash) => {
        const { block, transaction } = this.#transaction(hash)
        const status = this.#status(block)
        const place = status === 'PRE_CONFIRMED' ? {} : { block_hash: block.hash }
        return { ...renderReceipt(transaction, status), ...place, block_number: block.number }
      },
    },
    starknet_getTransactionStatus: {
      params: ['transaction_hash'],
      byName: true,
      run: (hash) => {
        const { block, transaction } = this.#transaction(hash)
        const { revertReason } = transaction
        return {
          finality_status: this.#status(block),
          execution_status: revertReason === undefined ? 'SUCCEEDED' : 'REVERTED',
          ...(revertReason === undefined ? {} : { failure_reason: revertReason }),
        }
      },
    },
  }

  #render(block: StarknetBlock, body: (transaction: Transaction, status: Status) => unknown): unknown {
    const status = this.#status(block)
    const said: Said = { spec: this.#spec, status, commitment: this.#options.commit?.(block) ?? ZERO }
    return { ...renderHeader(block, said), transactions: block.transactions.map((one) => body(one, status)) }
  }

  #events(value: unknown): unknown {
    const filter = readFilter(value, { addressLists: this.#spec !== '0.9.0' })
    if (filter.chunk > (this.#options.maxChunk ?? MAX_CHUNK)) throw new RpcError(31, 'Requested page size is too big')
    if (filter.keyCount > (this.#options.maxKeys ?? MAX_KEYS)) {
      throw new RpcError(34, 'Too many keys provided in a filter')
    }
    const proposed = filter.to === 'pre_confirmed' ? this.#proposed() : undefined
    const first = Math.max(this.prunedBelow, this.#edge(filter.from, 0))
    const last = this.#edge(filter.to, this.head.number)
    const blockAt = (number: number): StarknetBlock | undefined =>
      number === proposed?.number ? proposed : this.#known(this.#branch.at(number))
    const scanBlocks = this.#options.scanBlocks ?? Number.POSITIVE_INFINITY
    const { found, token } = pageOfEvents(filter, { first, last, blockAt, scanBlocks })
    const spec = this.#spec
    return {
      events: found.map(({ block, placed }) => renderEvent(block, placed, { spec, status: this.#status(block) })),
      ...(token === undefined ? {} : { continuation_token: token }),
    }
  }

  /** The number at an end of a range. Numbers above the head are allowed there: the range ends at the head. */
  #edge(id: BlockId | undefined, without: number): number {
    if (id === undefined) return without
    if (typeof id === 'object' && 'number' in id) return Math.min(id.number, this.head.number + 1)
    return this.#block(id).number
  }

  #class(id: unknown, address: unknown): Felt {
    const contract = this.find(id).state.contracts.get(readFelt(address, 'contract_address'))
    if (contract === undefined) throw new RpcError(20, 'Contract not found')
    return contract.program.classOf(contract.storage)
  }

  #transaction(value: unknown): { block: StarknetBlock; transaction: Transaction } {
    const hash = readFelt(value, 'transaction_hash')
    const proposed = this.#chain.preConfirmed
    const block = this.#known(this.#branch.own(this.#chain.blockWith(hash)))
    for (const place of [block, proposed]) {
      const transaction = place?.transactions.find((one) => one.hash === hash)
      if (place !== undefined && transaction !== undefined) return { block: place, transaction }
    }
    throw new RpcError(29, 'Transaction hash not found')
  }

  /** @throws RpcError 24 */
  #block(id: BlockId): StarknetBlock {
    const block = this.#known(this.#look(id))
    if (block === undefined) throw new RpcError(24, 'Block not found')
    return block
  }

  #look(id: BlockId): StarknetBlock | undefined {
    if (id === 'latest') return this.head
    if (id === 'l1_accepted') return this.#chain.l1AcceptedAt(this.head)
    if (id === 'pre_confirmed') return this.#proposed()
    return 'hash' in id ? this.#branch.own(this.#chain.find(id.hash)) : this.#branch.at(id.number)
  }

  #known(block: StarknetBlock | undefined): StarknetBlock | undefined {
    if (block === undefined || block.number < this.prunedBelow) return undefined
    return block.number <= this.head.number || this.#status(block) === 'PRE_CONFIRMED' ? block : undefined
  }

  /** The block that is being made on the head: without transactions if none is proposed. */
  #proposed(): StarknetBlock {
    const { head } = this
    const proposed = this.#chain.preConfirmed
    if (proposed?.parent === head) return proposed
    const { number, timestamp, sequencer, state } = head
    return { number: number + 1, hash: ZERO, parent: head, timestamp, sequencer, transactions: [], state }
  }

  #status(block: StarknetBlock): Status {
    if (this.#branch.own(block) === undefined) return 'PRE_CONFIRMED'
    return block.number <= this.#chain.l1AcceptedAt(this.head).number ? 'ACCEPTED_ON_L1' : 'ACCEPTED_ON_L2'
  }
}
