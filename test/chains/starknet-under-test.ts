/** A Starknet chain that a test makes block by block, for the conformance suite. */
import { parseAddress } from '../../src/chains/starknet/words/felt.ts'
import { assert } from '../../src/core/assert.ts'
import type { AssetRef } from '../../src/core/asset.ts'
import { parseChainId } from '../../src/core/chain.ts'
import type { Standard } from '../../src/core/standards.ts'
import { Draw } from '../../src/demo/draw.ts'
import { ETH, SEQUENCER, STRK } from '../../src/demo/starknet/cast.ts'
import { StarknetChain } from '../../src/demo/starknet/chain.ts'
import { erc20 } from '../../src/demo/starknet/erc20.ts'
import { erc721, moveItem } from '../../src/demo/starknet/erc721.ts'
import { erc1155, moveItems } from '../../src/demo/starknet/erc1155.ts'
import type { Planned } from '../../src/demo/starknet/execute.ts'
import { type Felt, feltDigest, parseFelt, ZERO } from '../../src/demo/starknet/felt.ts'
import { fieldsOf } from '../../src/demo/starknet/json-rpc.ts'
import { byteArray } from '../../src/demo/starknet/names.ts'
import { type NodeOptions, StarknetNode } from '../../src/demo/starknet/node.ts'
import { type Effect, type Entry, Panic, type Program } from '../../src/demo/starknet/program.ts'
import type { Spec } from '../../src/demo/starknet/render.ts'
import { type Answer, type Arrived, type ScriptedNode, startScriptedNode } from '../nodes/scripted-node.ts'
import type { ChainUnderTest, Mood, Move, NodeUnderTest, SuiteContracts } from './under-test.ts'

const FINAL_BELOW = 4
const START_TIME = 1_763_887_000
const BLOCK_SECONDS = 4

const ref = (standard: Standard, name: string): AssetRef => ({ standard, reference: canonical(feltDigest(name)) })
const COIN = ref('erc20', 'coin')
const CONTRACTS: SuiteContracts = {
  deeds: ref('erc721', 'deeds'),
  goods: ref('erc1155', 'goods'),
  dead: ref('erc20', 'dead'),
  hostile: ref('erc20', 'hostile'),
  absent: ref('erc20', 'absent'),
}

/** A collection that says nothing of its standard: only the owner of an item that exists shows it. */
export const PLAIN_DEEDS = ref('erc721', 'plain deeds')

const panics: Entry = () => {
  throw new Panic('dead')
}
const named = (name: string) => ({ style: 'byte array', name, symbol: name.slice(0, 4).toUpperCase() }) as const

/** The deeds have the events of the coin, so that the contracts must be asked which of them holds items. */
const PROGRAMS: ReadonlyMap<Felt, Program> = new Map<Felt, Program>([
  [felt(COIN.reference), erc20({ names: named('Coin') })],
  [felt(CONTRACTS.deeds.reference), erc721({ names: named('Deeds'), layout: '3+2' })],
  [felt(PLAIN_DEEDS.reference), erc721({ names: named('Plain'), layout: '3+2', interfaces: 'none' })],
  [felt(CONTRACTS.goods.reference), erc1155({ names: named('Goods'), layout: '4+n' })],
  [
    felt(CONTRACTS.dead.reference),
    erc20({
      names: named('Dead'),
      entries: { balance_of: panics, total_supply: panics, name: panics, symbol: panics, decimals: panics },
    }),
  ],
  [
    felt(CONTRACTS.hostile.reference),
    erc20({
      names: named('Hostile'),
      entries: { balance_of: () => ['0x5', '0x0', '0x0'], name: hostileText, symbol: hostileText },
    }),
  ],
])

/** 200,000 bytes with NUL, an override of direction and letters. */
function hostileText(): readonly Felt[] {
  return byteArray(`\u0000\u202eevil${'x'.repeat(200_000)}`)
}

/** Starts a Starknet chain with the contracts of the suite. Its nodes speak this version of the specification. */
export async function startStarknetUnderTest(spec: Spec): Promise<ChainUnderTest> {
  const cast = { accounts: [], senders: [], sequencer: SEQUENCER, strk: STRK, eth: ETH, programs: PROGRAMS }
  const chain = new StarknetChain(cast, { draw: new Draw(1), l1Below: FINAL_BELOW, startTime: START_TIME })
  const servers: ScriptedNode[] = []
  const id = parseChainId('starknet:SN_MAIN')
  assert(id !== undefined, 'a CAIP-2 id')
  const [one, two, three] = ['one', 'two', 'three'].map((name) => canonical(feltDigest(name)))
  assert(one !== undefined && two !== undefined && three !== undefined, 'three accounts')
  return {
    chain: id,
    accounts: [one, two, three],
    coin: COIN,
    contracts: CONTRACTS,
    large: 2n ** 255n,
    finalBelow: FINAL_BELOW,
    mine: async (...moves) => {
      chain.grow(chain.head.timestamp + BLOCK_SECONDS, moves.map(plan))
    },
    reorganize: async (depth, blocks) => {
      chain.reorganize(
        depth,
        blocks.map((moves) => moves.map(plan)),
      )
    },
    node: async (mood = {}) => {
      const node = new MoodyNode(chain, spec, mood)
      const server = await startScriptedNode(node.answer)
      servers.push(server)
      return { url: server.url, behave: async (other) => node.behave(other) } satisfies NodeUnderTest
    },
    stop: async () => {
      await Promise.all(servers.map((server) => server.stop()))
    },
  }
}

/** A transaction without a fee, so that a block has only the transfers of the test. */
function plan(move: Move): Planned {
  const address = felt(move.asset.reference)
  return {
    kind: 'L1_HANDLER',
    sender: address,
    fee: 0n,
    calls: [{ address, run: (...state) => moved(move, ...state) }],
  }
}

function moved({ asset, item, amount, ...sides }: Move, storage: Map<string, bigint>, { transfer }: Program): Effect {
  const [from, to] = [side(sides.from), side(sides.to)]
  if (asset.standard === 'erc721') return moveItem(storage, { item: BigInt(item), to }, '3+2')
  if (asset.standard === 'erc1155') {
    return moveItems(storage, { operator: SEQUENCER, from, to, items: [[BigInt(item), amount]] }, '4+n')
  }
  assert(transfer !== undefined, 'a fungible token moves balances')
  return transfer(storage, { from, to, amount })
}

/** A node that shows the chain's head, unless its mood says otherwise. */
class MoodyNode {
  readonly #chain: StarknetChain
  readonly #spec: Spec
  #node: StarknetNode
  #mood: Mood = {}

  constructor(chain: StarknetChain, spec: Spec, mood: Mood) {
    this.#chain = chain
    this.#spec = spec
    this.#node = this.#moody(mood)
  }

  behave(mood: Mood): void {
    this.#node = this.#moody(mood)
  }

  readonly answer: Answer = ({ batch, calls }) => {
    if (this.#mood.stays !== true) this.#node.show(this.#chain.head)
    const answers = calls.map((asked) => this.#answerTo(asked))
    return { json: batch ? answers : answers[0] }
  }

  /** A Starknet node does not refuse a range of blocks: its answer covers the first ones and goes on with a token. */
  #moody(mood: Mood): StarknetNode {
    this.#mood = mood
    const { lag = 0, maxBlocks, maxEvents } = mood
    const node = new StarknetNode(this.#chain, {
      spec: this.#spec,
      ...(maxBlocks === undefined ? {} : { scanBlocks: maxBlocks }),
      ...(maxEvents === undefined ? {} : { maxChunk: maxEvents }),
    } satisfies NodeOptions)
    node.lag = lag
    return node
  }

  #answerTo({ id, method, params, named: byName }: Arrived['calls'][number]): Readonly<Record<string, unknown>> {
    const answer = this.#node.answer({ id, method, params: byName ?? params })
    const isPage = method === 'starknet_getEvents' && fieldsOf(answer.result).has('events')
    return isPage && this.#mood.omits === true ? { ...answer, result: { events: [] } } : answer
  }
}

function side(account: string | undefined): Felt {
  return account === undefined ? ZERO : felt(account)
}

function felt(address: string): Felt {
  const value = parseFelt(address)
  assert(value !== undefined, 'an address is a felt')
  return value
}

function canonical(value: Felt): string {
  const address = parseAddress(value)
  assert(address !== undefined, 'a felt is an address')
  return address
}
