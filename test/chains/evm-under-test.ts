/** An EVM chain that a test makes block by block, for the conformance suite. */
import { assert } from '../../src/core/assert.ts'
import type { AssetRef } from '../../src/core/asset.ts'
import { parseChainId } from '../../src/core/chain.ts'
import type { Standard } from '../../src/core/standards.ts'
import { digest } from '../faults/evm/block-maker.ts'
import { deedLog, goodsLog, transferLog } from '../faults/evm/events.ts'
import { Blooms, EvmNode, type NodeChain } from '../faults/evm/node.ts'
import { changed, held, type Program, type Storage, supplyBy, supplyOf, word, ZERO } from '../faults/evm/program.ts'
import { ancestorAt, type Contract, EMPTY, type EvmBlock, type PlacedLog } from '../faults/evm/state.ts'
import { type Answer, type Arrived, type ScriptedNode, startScriptedNode } from '../nodes/scripted-node.ts'
import type { ChainUnderTest, Mood, Move, NodeUnderTest, SuiteContracts } from './under-test.ts'

const FINAL_BELOW = 4
const START_TIME = 1_700_000_000
const BLOCK_SECONDS = 12

const ref = (standard: Standard, reference: string): AssetRef => ({ standard, reference: digest(reference, 20) })
const COIN = ref('erc20', 'coin')
const CONTRACTS: SuiteContracts = {
  deeds: ref('erc721', 'deeds'),
  goods: ref('erc1155', 'goods'),
  dead: ref('erc20', 'dead'),
  hostile: ref('erc20', 'hostile'),
  absent: ref('erc20', 'absent'),
}
const never: Pick<Program, 'act'> = { act: (storage) => ({ storage, logs: [] }) }
const usual: Pick<Program, 'act' | 'balanceOf' | 'totalSupply'> = { ...never, balanceOf: held, totalSupply: supplyOf }

/** `name()` and `symbol()`. */
const TEXTS = ['0x06fdde03', '0x95d89b41']
/** `balanceOf(address,uint256)`. */
const BALANCE_OF_ITEM = '0x00fdd58e'

const PROGRAMS: ReadonlyMap<string, Program> = new Map<string, Program>([
  [COIN.reference, { ...usual, name: 'Coin', standard: 'erc20' }],
  [CONTRACTS.deeds.reference, { ...usual, name: 'Deeds', standard: 'erc721' }],
  [CONTRACTS.goods.reference, { ...usual, name: 'Goods', standard: 'erc1155', call: goodsCall }],
  [CONTRACTS.dead.reference, { ...usual, name: 'Dead', standard: 'erc20', call: () => undefined }],
  [CONTRACTS.hostile.reference, { ...usual, name: 'Hostile', standard: 'erc20', call: hostileCall }],
])

function goodsCall(storage: Storage, data: string): string | undefined {
  if (!data.startsWith(BALANCE_OF_ITEM)) return undefined
  const account = `0x${data.slice(10 + 24, 10 + 64)}`
  return `0x${word(held(storage, itemKey(account, BigInt(`0x${data.slice(10 + 64, 10 + 128)}`))))}`
}

/** A word and one byte for a number, and 200,000 bytes with NUL, an override of direction and letters for a text. */
function hostileCall(_: Storage, data: string): string {
  if (!TEXTS.includes(data.slice(0, 10))) return `0x${word(5n)}00`
  const text = Buffer.from(`\u0000\u202eevil${'x'.repeat(200_000)}`).toString('hex')
  return `0x${word(32n)}${word(BigInt(text.length / 2))}${text.padEnd(Math.ceil(text.length / 64) * 64, '0')}`
}

/** The storage key of an account's amount of an item. It does not begin with `0x`, so it is no balance. */
function itemKey(account: string, item: bigint): string {
  return `item ${item} of ${account}`
}

/** The branches of the chain. */
class Chain implements NodeChain {
  readonly #byHash = new Map<string, EvmBlock>()
  readonly #byTransaction = new Map<string, EvmBlock>()
  #made = 0
  head: EvmBlock

  constructor() {
    const contracts = [...PROGRAMS].map(([address, program]): [string, Contract] => {
      return [address, { program, storage: new Map(), created: 'block 0' }]
    })
    this.head = this.#add(undefined, { ...EMPTY, contracts: new Map(contracts) }, [])
  }

  find(hash: string): EvmBlock | undefined {
    return this.#byHash.get(hash)
  }

  blockWith(transaction: string): EvmBlock | undefined {
    return this.#byTransaction.get(transaction)
  }

  finalizedAt(head: EvmBlock): EvmBlock {
    return ancestorAt(head, Math.max(0, head.number - FINAL_BELOW)) ?? head
  }

  mine(moves: readonly Move[]): void {
    this.head = this.#add(this.head, this.head.state, moves)
  }

  reorganize(depth: number, blocks: readonly (readonly Move[])[]): void {
    const ancestor = ancestorAt(this.head, this.head.number - depth)
    assert(ancestor !== undefined, 'a reorg is not deeper than the chain')
    this.head = ancestor
    for (const moves of blocks) this.mine(moves)
  }

  #add(parent: EvmBlock | undefined, state: EvmBlock['state'], moves: readonly Move[]): EvmBlock {
    const number = (parent?.number ?? -1) + 1
    const hash = digest(`block ${++this.#made}`, 32)
    const contracts = new Map(state.contracts)
    const transactions = moves.map((_, nth) => digest(`transaction ${nth} of ${hash}`, 32))
    const logs = moves.map((move, logIndex): PlacedLog => {
      const address = move.asset.reference
      const contract = contracts.get(address)
      assert(contract !== undefined, 'a move is of a contract of the chain')
      contracts.set(address, { ...contract, storage: moved(contract.storage, move) })
      return { ...logOf(move), address, transaction: transactions[logIndex] ?? '', logIndex }
    })
    const timestamp = START_TIME + number * BLOCK_SECONDS
    const block = { number, hash, parent, timestamp, transactions, logs, transfers: [], state: { ...state, contracts } }
    this.#byHash.set(hash, block)
    for (const transaction of transactions) this.#byTransaction.set(transaction, block)
    return block
  }
}

function moved(storage: Storage, { asset, from, to, item, amount }: Move): Storage {
  if (asset.standard === 'erc1155') {
    const sides = [from, to].flatMap((account, side): [string, bigint][] =>
      account === undefined ? [] : [[itemKey(account, BigInt(item)), side === 0 ? -amount : amount]],
    )
    return changed(storage, sides)
  }
  const next = changed(storage, [
    from === undefined ? supplyBy(amount) : [from, -amount],
    to === undefined ? supplyBy(-amount) : [to, amount],
  ])
  return asset.standard === 'erc721' ? new Map(next).set(`owner ${item}`, BigInt(to ?? ZERO)) : next
}

function logOf({ asset, from = ZERO, to = ZERO, item, amount }: Move) {
  if (asset.standard === 'erc721') return deedLog(from, to, BigInt(item)).raw
  if (asset.standard === 'erc1155') return goodsLog(from, to, [[BigInt(item), amount]]).raw
  return transferLog({ from, to, amount }).raw
}

/** Starts an EVM chain with the contracts of the suite. */
export async function startEvmUnderTest(): Promise<ChainUnderTest> {
  const chain = new Chain()
  const blooms = await Blooms.create()
  const servers: ScriptedNode[] = []
  const id = parseChainId('eip155:1')
  assert(id !== undefined, 'a CAIP-2 id')
  return {
    chain: id,
    accounts: [digest('one', 20), digest('two', 20), digest('three', 20)],
    coin: COIN,
    contracts: CONTRACTS,
    large: 2n ** 255n,
    finalBelow: FINAL_BELOW,
    mine: async (...moves) => chain.mine(moves),
    reorganize: async (depth, blocks) => chain.reorganize(depth, blocks),
    node: async (mood = {}) => {
      const node = new MoodyNode(chain, blooms, mood)
      const server = await startScriptedNode(node.answer)
      servers.push(server)
      return { url: server.url, behave: async (other) => node.behave(other) } satisfies NodeUnderTest
    },
    stop: async () => {
      await Promise.all(servers.map((server) => server.stop()))
    },
  }
}

/** A node that shows the chain's head, unless its mood says otherwise. */
class MoodyNode {
  readonly #chain: Chain
  readonly #node: EvmNode
  #mood: Mood = {}
  #stays: EvmBlock | undefined

  constructor(chain: Chain, blooms: Blooms, mood: Mood) {
    this.#chain = chain
    this.#node = new EvmNode(chain, blooms, { stateBlocks: Number.POSITIVE_INFINITY, logTimes: true })
    this.behave(mood)
  }

  behave(mood: Mood): void {
    this.#mood = mood
    this.#stays = mood.stays === true ? this.#chain.head : undefined
  }

  readonly answer: Answer = ({ batch, calls }) => {
    this.#node.show(this.#stays ?? this.#chain.head)
    this.#node.lag = this.#mood.lag ?? 0
    const answers = calls.map((asked) => this.#answerTo(asked))
    return { json: batch ? answers : answers[0] }
  }

  #answerTo(asked: Arrived['calls'][number]): Readonly<Record<string, unknown>> {
    const answer = this.#node.answer(asked)
    if (asked.method !== 'eth_getLogs' || !Array.isArray(answer.result)) return answer
    const { omits = false, maxBlocks, maxEvents } = this.#mood
    const { fromBlock, toBlock } = Object(asked.params[0])
    const refused = (message: string) => ({ jsonrpc: '2.0', id: asked.id, error: { code: -32005, message } })
    if (maxBlocks !== undefined && fromBlock !== undefined && Number(toBlock) - Number(fromBlock) >= maxBlocks) {
      return refused(`query exceeds max block range ${maxBlocks}`)
    }
    if (maxEvents !== undefined && answer.result.length > maxEvents && fromBlock !== toBlock) {
      return refused(`query returned more than ${maxEvents} results`)
    }
    return omits ? { ...answer, result: [] } : answer
  }
}
