import { type BitsOf, loadBitsOf } from '../../../src/chains/evm/transfers/bloom.ts'
import { type Asked, answerTo, Fault, type Methods } from '../../nodes/scripted-node.ts'
import { callContract, codeOf } from './calls.ts'
import type { EvmChain } from './chain.ts'
import { ancestorAt, type EvmBlock, type PlacedLog } from './state.ts'

const quantity = (value: number): string => `0x${value.toString(16)}`
/** The node refuses a request for more logs than this. */
const MAX_LOGS = 400

/** Blooms of blocks as a node computes them (Yellow Paper, section 4.4.1), each computed once. */
export class Blooms {
  readonly #bitsOf: BitsOf
  readonly #bits = new Map<string, readonly number[]>()
  readonly #blooms = new WeakMap<EvmBlock, string>()

  private constructor(bitsOf: BitsOf) {
    this.#bitsOf = bitsOf
  }

  static async create(): Promise<Blooms> {
    return new Blooms(await loadBitsOf())
  }

  of(block: EvmBlock): string {
    const known = this.#blooms.get(block)
    if (known !== undefined) return known
    const bytes = Buffer.alloc(256)
    for (const value of block.logs.flatMap(({ address, topics }) => [address, ...topics])) {
      for (const bit of this.#bitsFor(value))
        bytes[255 - (bit >> 3)] = (bytes[255 - (bit >> 3)] ?? 0) | (1 << (bit & 7))
    }
    const bloom = `0x${bytes.toString('hex')}`
    this.#blooms.set(block, bloom)
    return bloom
  }

  #bitsFor(value: string): readonly number[] {
    const bits = this.#bits.get(value) ?? this.#bitsOf(value)
    this.#bits.set(value, bits)
    return bits
  }
}

/** What a node must know of its chain. */
export type NodeChain = Pick<EvmChain, 'head' | 'find' | 'finalizedAt' | 'blockWith'>

/** One node of a simulated chain. It returns only true answers, about the branch that it was shown. */
export class EvmNode {
  readonly #chain: NodeChain
  readonly #blooms: Blooms
  readonly #stateBlocks: number
  readonly #logTimes: boolean
  #head: EvmBlock
  /** How many blocks it lags behind its shown head, for one answer. */
  lag = 0

  /** `stateBlocks` is how many blocks it keeps state for. With `logTimes` its logs carry their block's time. */
  constructor(chain: NodeChain, blooms: Blooms, { stateBlocks, logTimes }: { stateBlocks: number; logTimes: boolean }) {
    this.#chain = chain
    this.#blooms = blooms
    this.#stateBlocks = stateBlocks
    this.#logTimes = logTimes
    this.#head = chain.head
  }

  /** Sets the newest block that the node knows. */
  show(head: EvmBlock): void {
    this.#head = head
  }

  /** Its newest block at the moment, with the lag. */
  get head(): EvmBlock {
    return ancestorAt(this.#head, Math.max(0, this.#head.number - this.lag)) ?? this.#head
  }

  answer(asked: Asked): Readonly<Record<string, unknown>> {
    return answerTo(asked, this.#methods)
  }

  readonly #methods: Methods = {
    eth_chainId: () => '0x1',
    eth_blockNumber: () => quantity(this.head.number),
    eth_getBlockByNumber: ([tag]) => this.#render(this.#byTag(tag)),
    eth_getBlockByHash: ([hash]) => this.#render(this.#known(String(hash))),
    eth_getBlockReceipts: ([at]) => {
      const block = this.#at(at)
      return block === undefined ? null : block.transactions.map((hash) => this.#receipt(block, hash))
    },
    eth_getTransactionByHash: ([hash]) => {
      const found = this.#chain.blockWith(String(hash))
      const block = found === undefined ? undefined : this.#canonical(found)
      return block === undefined ? null : { hash, blockHash: block.hash, blockNumber: quantity(block.number) }
    },
    eth_getTransactionReceipt: ([hash]) => {
      const found = this.#chain.blockWith(String(hash))
      const block = found === undefined ? undefined : this.#canonical(found)
      return block === undefined ? null : this.#receipt(block, String(hash))
    },
    eth_getLogs: ([filter]) => this.#logs(fieldsOf(filter)),
    eth_getCode: ([address, at]) => codeOf(this.#stateAt(at).state, String(address).toLowerCase()),
    eth_getBalance: ([account, at]) => {
      const amount = this.#stateAt(at).state.native.get(String(account).toLowerCase()) ?? 0n
      return `0x${amount.toString(16)}`
    },
    eth_call: ([call, at]) => {
      const { to, data, input } = fieldsOf(call)
      return callContract(this.#stateAt(at).state, String(to).toLowerCase(), String(data ?? input))
    },
  }

  #byTag(tag: unknown): EvmBlock | undefined {
    const { head } = this
    if (tag === 'latest' || tag === 'pending') return head
    if (tag === 'earliest') return ancestorAt(head, 0)
    if (tag === 'finalized' || tag === 'safe') return this.#chain.finalizedAt(head)
    return Number(tag) > head.number ? undefined : ancestorAt(head, Number(tag))
  }

  /** A block by number, by tag, or by hash as in EIP-1898. Undefined if it is not on this node's branch. */
  #at(at: unknown): EvmBlock | undefined {
    const { blockHash, blockNumber } = fieldsOf(at)
    if (blockHash !== undefined) return this.#known(String(blockHash))
    if (typeof at === 'string' && at.length === 66) return this.#known(at)
    return this.#byTag(blockNumber ?? at)
  }

  #known(hash: string): EvmBlock | undefined {
    const block = this.#chain.find(hash)
    return block === undefined ? undefined : this.#canonical(block)
  }

  #canonical(block: EvmBlock): EvmBlock | undefined {
    return ancestorAt(this.head, block.number) === block ? block : undefined
  }

  #stateAt(at: unknown): EvmBlock {
    const block = this.#at(at)
    if (block === undefined) throw new Fault(-32000, 'header not found')
    if (this.head.number - block.number >= this.#stateBlocks) throw new Fault(-32000, 'missing trie node')
    return block
  }

  #render(block: EvmBlock | undefined): unknown {
    if (block === undefined) return null
    return {
      number: quantity(block.number),
      hash: block.hash,
      parentHash: block.parent?.hash ?? `0x${'0'.repeat(64)}`,
      timestamp: quantity(block.timestamp),
      logsBloom: this.#blooms.of(block),
      transactions: block.transactions,
    }
  }

  #receipt(block: EvmBlock, transaction: string): unknown {
    const logs = block.logs.filter((log) => log.transaction === transaction).map((log) => this.#log(block, log))
    const index = quantity(block.transactions.indexOf(transaction))
    const { hash, number } = block
    return {
      transactionHash: transaction,
      transactionIndex: index,
      blockHash: hash,
      blockNumber: quantity(number),
      status: '0x1',
      logs,
    }
  }

  #log(
    block: EvmBlock,
    { address, topics, data, transaction, logIndex }: PlacedLog,
  ): Readonly<Record<string, unknown>> {
    return {
      address,
      topics,
      data,
      blockNumber: quantity(block.number),
      blockHash: block.hash,
      transactionHash: transaction,
      transactionIndex: quantity(block.transactions.indexOf(transaction)),
      logIndex: quantity(logIndex),
      removed: false,
      ...(this.#logTimes ? { blockTimestamp: quantity(block.timestamp) } : {}),
    }
  }

  #logs(filter: Readonly<Record<string, unknown>>): unknown {
    const { blockHash, fromBlock, toBlock, address, topics } = filter
    const wants = (log: PlacedLog): boolean =>
      allows(address, log.address) &&
      (Array.isArray(topics) ? topics : []).every((some: unknown, place) => allows(some, log.topics[place]))
    const blocks: EvmBlock[] = []
    if (blockHash !== undefined) {
      const block = this.#known(String(blockHash))
      if (block === undefined) throw new Fault(-32000, 'unknown block')
      blocks.push(block)
    } else {
      const first = this.#byTag(fromBlock)?.number ?? Number(fromBlock)
      const last = Math.min(this.#byTag(toBlock)?.number ?? Number(toBlock), this.head.number)
      for (let at = ancestorAt(this.head, last); at !== undefined && at.number >= first; at = at.parent)
        blocks.unshift(at)
    }
    const logs = blocks.flatMap((block) => block.logs.filter(wants).map((log) => this.#log(block, log)))
    if (logs.length > MAX_LOGS && blocks.length > 1)
      throw new Fault(-32005, `query returned more than ${MAX_LOGS} results`)
    return logs
  }
}

/** True if a part of a filter (absent, null, one value or several) matches a value. */
function allows(part: unknown, value: string | undefined): boolean {
  if (part === undefined || part === null) return true
  if (Array.isArray(part)) return part.length === 0 || part.some((one) => allows(one, value))
  return value !== undefined && String(part).toLowerCase() === value
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {}
}
