/** The JSON-RPC of one healthy full node of a fake chain (https://ethereum.github.io/execution-apis). */
import { TRANSFER } from '../../src/chains/evm/transfers/decode-log.ts'
import { type Asked, answerTo, Fault, type Methods } from '../nodes/scripted-node.ts'
import { type FakeBlock, type FakeChain, Ledger, topic, transactionOf } from './chain.ts'

/** How far the finalized head is below the newest block. No reorg is deeper. */
export const FINAL_BELOW = 64
/** How many blocks a full node keeps state for. */
const STATE_BLOCKS = 128
/** The node refuses a request for more logs than this. */
const MAX_LOGS = 90

const quantity = (value: number): string => `0x${value.toString(16)}`
const word = (value: bigint): string => `0x${value.toString(16).padStart(64, '0')}`

/** One node. The test sets its canonical chain. */
export class FakeNode {
  readonly #chain: FakeChain
  #canonical: readonly FakeBlock[] = []
  #ledger: Ledger | undefined
  /** How many blocks it lags behind its canonical chain. */
  lag = 0

  constructor(chain: FakeChain) {
    this.#chain = chain
  }

  show(canonical: readonly FakeBlock[]): void {
    this.#canonical = canonical
    this.#ledger = undefined
  }

  /** Adds up all balances now. Otherwise each read would do it. */
  remember(): void {
    this.#ledger ??= new Ledger(this.#canonical)
  }

  answer(asked: Asked): Readonly<Record<string, unknown>> {
    return answerTo(asked, this.#methods)
  }

  get #head(): number {
    return this.#canonical.length - 1 - this.lag
  }

  readonly #methods: Methods = {
    eth_chainId: () => '0x1',
    eth_blockNumber: () => quantity(this.#head),
    eth_getBlockByNumber: ([tag]) => {
      const number = tag === 'latest' ? this.#head : tag === 'finalized' ? this.#head - FINAL_BELOW : Number(tag)
      const block = number <= this.#head ? this.#canonical[number] : undefined
      return block === undefined ? null : this.#render(block)
    },
    eth_getBlockByHash: ([hash]) => {
      const block = this.#chain.block(String(hash))
      return block === undefined || block.number > this.#head ? null : this.#render(block)
    },
    eth_getBlockReceipts: ([number]) => {
      const block = this.#canonical[Number(number)]
      if (block === undefined || block.number > this.#head) return null
      return block.movements.length === 0 ? [] : [receiptOf(block)]
    },
    eth_getTransactionReceipt: ([hash]) => {
      const block = this.#chain.blockWith(String(hash))
      return block === undefined || block.number > this.#head ? null : receiptOf(block)
    },
    eth_getLogs: ([filter]) => this.#logs(Object(filter)),
    eth_getCode: () => '0x',
    eth_getBalance: () => '0x0',
    eth_call: ([call, at]) => this.#call(Object(call), Object(at)),
  }

  #render(block: FakeBlock): Readonly<Record<string, unknown>> {
    return {
      number: quantity(block.number),
      hash: block.hash,
      parentHash: block.parent,
      timestamp: quantity(1_600_000_000 + block.number * 12),
      logsBloom: this.#chain.bloom(block),
      transactions: block.movements.length === 0 ? [] : [transactionOf(block)],
    }
  }

  #logs({ blockHash, fromBlock, toBlock, address, topics }: Readonly<Record<string, unknown>>): unknown {
    const wants = (log: FakeLog): boolean =>
      (!Array.isArray(address) || address.includes(log.address)) &&
      (Array.isArray(topics) ? topics : []).every(
        (some, place) => !Array.isArray(some) || some.includes(log.topics[place]),
      )
    if (blockHash !== undefined) {
      const block = this.#chain.block(String(blockHash))
      if (block === undefined || block.number > this.#head) throw new Fault(-32000, 'unknown block')
      return logsOf(block).filter(wants)
    }
    // A node leaves out blocks beyond its head, without an error.
    const blocks = this.#canonical.slice(Number(fromBlock), Math.min(Number(toBlock), this.#head) + 1)
    const logs = blocks.flatMap(logsOf).filter(wants)
    if (logs.length > MAX_LOGS && blocks.length > 1)
      throw new Fault(-32005, `query returned more than ${MAX_LOGS} results`)
    return logs
  }

  #call({ to, data }: Readonly<Record<string, unknown>>, { blockHash }: Readonly<Record<string, unknown>>): string {
    const block = this.#chain.block(String(blockHash))
    if (block === undefined || this.#canonical[block.number]?.hash !== block.hash || block.number > this.#head) {
      throw new Fault(-32000, 'header not found')
    }
    if (this.#head - block.number >= STATE_BLOCKS) throw new Fault(-32000, 'missing trie node')
    const ledger = this.#ledger ?? new Ledger(this.#canonical)
    const selector = String(data).slice(0, 10)
    if (selector === '0x70a08231') return word(ledger.at(block.number, String(to), `0x${String(data).slice(34)}`))
    if (selector === '0x18160ddd') return word(ledger.at(block.number, String(to)))
    throw new Fault(3, 'execution reverted')
  }
}

function receiptOf(block: FakeBlock): Readonly<Record<string, unknown>> {
  return { blockHash: block.hash, logs: logsOf(block) }
}

type FakeLog = { readonly address: string; readonly topics: readonly string[] }

function logsOf(block: FakeBlock): readonly FakeLog[] {
  return block.movements.map(({ token, from, to, amount }, place) => ({
    address: token,
    topics: [TRANSFER, topic(from), topic(to)],
    data: word(amount),
    blockNumber: quantity(block.number),
    blockHash: block.hash,
    transactionHash: transactionOf(block),
    logIndex: quantity(place),
    removed: false,
  }))
}
