import { Draw } from '../../../src/demo/draw.ts'
import { StarknetChain } from '../../../src/demo/starknet/chain.ts'
import { parseFelt } from '../../../src/demo/starknet/felt.ts'
import { fieldsOf } from '../../../src/demo/starknet/json-rpc.ts'
import { type NodeOptions, StarknetNode } from '../../../src/demo/starknet/node.ts'
import type { StarknetBlock } from '../../../src/demo/starknet/state.ts'
import type { Arrived, Reply } from '../../nodes/scripted-node.ts'
import { CAST, NEW_TOKENS } from '../../starknet/node/cast.ts'
import { FaultyNode, NODE_FAULTS, type NodeFault } from '../../starknet/node/faults.ts'
import { addedUp } from '../happened.ts'
import { Network, overJsonRpc, type Witness } from '../network.ts'
import { TOKENKIT } from '../tokenkit.ts'
import { Told } from '../told.ts'
import type { World } from '../world.ts'
import { canonical, StarknetTruth } from './truth.ts'

/** How far the newest block on L1 is below the highest one: reorgs of 1,800 blocks must be possible. */
const L1_BELOW = 2_000
/** Blocks that exist before the server starts. */
const EARLIER_BLOCKS = 2_200
/** Time between polls of a node, in milliseconds. */
const POLL_MS = 150
/** Reorgs while there is trouble: most replace few blocks, one in eight replaces 50, one in 40 replaces 1,800. */
const DEPTH = 50
const DEEP = 1_800
/** One block in this many is followed by a proposed one that never lands. */
const PROPOSE_EVERY = 3
/** While there is trouble, one request in this many gets a fault of the list, also within a batch. */
const FAULT_EVERY = 40

/** A node that refuses batches, answers HTML or is too old stays so. */
const LASTING: readonly NodeFault[] = ['batches refused', 'HTML', 'old specification']
/** Faults of single answers that come and go. */
const PASSING = NODE_FAULTS.filter((fault) => !LASTING.includes(fault))

/** What the three nodes are like. */
const NODES: readonly NodeOptions[] = [
  {},
  { spec: '0.9.0', maxChunk: 10_240 },
  { missingEntryPoint: 40, scanBlocks: 50 },
]

/** How a Starknet world is made. `l1Below`: how deep reorgs may be. */
export type StarknetWorldOptions = { readonly l1Below?: number; readonly earlierBlocks?: number }

/** A Starknet chain with odd tokens, and three nodes: two of specification 0.10, which differ in their limits, and one of 0.9. */
export async function startStarknetWorld(seed: number, options: StarknetWorldOptions = {}): Promise<World> {
  const { l1Below = L1_BELOW, earlierBlocks = EARLIER_BLOCKS } = options
  const chain = makeChain(seed, { l1Below, earlierBlocks })
  const truth = new StarknetTruth(chain)
  const nodes = NODES.map((node) => new FaultyNode(new StarknetNode(chain, node)))
  const told = new Told()
  const draw = new Draw(seed + 1)
  const witness: Witness = {
    onReply: (arrived, reply) => {
      for (const head of headsIn(arrived, reply)) told.note(head)
    },
    omitted: () => undefined,
  }
  const network = await Network.start(
    nodes.map((node) => overJsonRpc(node, witness)),
    draw,
  )
  const tokens = new Set<string>()
  const others = [...CAST.programs].flatMap(([address, { standard }]) =>
    standard === 'erc20' ? [] : [canonical(address)],
  )
  const changed = (head: StarknetBlock): void => {
    truth.noteHead()
    network.announce(head)
  }
  return {
    truth,
    questions: TOKENKIT,
    // A reorg of 1,800 blocks may be the last thing that happens.
    settlingMs: 180_000,
    chain: { id: 'starknet:SN_MAIN', rpc: network.urls, poll_ms: POLL_MS, from: 0 },
    head: () => chain.head,
    subjects: () => {
      for (const [address, { program }] of chain.head.state.contracts) {
        if (program.standard === 'erc20') tokens.add(canonical(address))
      }
      return {
        accounts: CAST.accounts.map(canonical),
        tokens: [...tokens],
        others,
        head: chain.head.number,
        time: chain.head.timestamp,
      }
    },
    grow: () => {
      changed(chain.grow(Math.max(chain.head.timestamp, Math.floor(Date.now() / 1000))))
      if (draw.oneIn(PROPOSE_EVERY)) chain.propose(chain.head.timestamp)
    },
    drawReorg: (draws) => drawReorg(draws, l1Below),
    reorganize: (depth, blocks) => changed(chain.reorganize(depth, blocks)),
    unsettled: () => chain.head.number - chain.l1Accepted.number,
    odd: () => truth.odd(),
    expectKnown: () => truth.expectKnown(),
    trouble: () => {
      for (const node of nodes) node.draw = () => (draw.oneIn(FAULT_EVERY) ? draw.of(PASSING) : undefined)
      network.trouble()
    },
    calm: () => {
      for (const node of nodes) node.draw = () => undefined
      network.calm(chain.head)
    },
    toldAfter: (block) => told.after(block),
    forgetTold: () => told.reset(),
    happened: () => addedUp([network.happened(), ...nodes.map(({ happened }) => happened)]),
    stop: () => network.stop(),
  }
}

function makeChain(seed: number, { l1Below, earlierBlocks }: Required<StarknetWorldOptions>): StarknetChain {
  const startTime = Math.floor(Date.now() / 1000) - earlierBlocks
  const chain = new StarknetChain(CAST, { draw: new Draw(seed), l1Below, startTime, newTokens: NEW_TOKENS })
  for (let nth = 1; nth <= earlierBlocks; nth++) chain.grow(startTime + nth)
  return chain
}

/** Most reorgs replace few blocks. One in four makes the chain shorter for a while. */
function drawReorg(draw: Draw, l1Below: number): { readonly depth: number; readonly blocks: number } {
  const size = draw.below(l1Below > DEEP ? 40 : 39)
  const depth = size === 39 ? DEEP : size < 5 ? DEPTH : draw.between(1, 3)
  return { depth, blocks: Math.max(1, depth + draw.between(-1, 2)) }
}

/** The heads that a reply reports. */
function headsIn(arrived: Arrived, reply: Reply): readonly { number: number; hash: string }[] {
  if (typeof reply === 'string' || !('json' in reply)) return []
  const items: readonly unknown[] = Array.isArray(reply.json) ? reply.json : [reply.json]
  return arrived.calls.flatMap(({ method, params, named }, place) => {
    const isHead =
      method === 'starknet_blockHashAndNumber' ||
      (method === 'starknet_getBlockWithTxHashes' && (named?.block_id ?? params[0]) === 'latest')
    if (!isHead) return []
    const result = fieldsOf(fieldsOf(items[place]).get('result'))
    const [number, hash] = [result.get('block_number'), parseFelt(result.get('block_hash'))]
    return typeof number === 'number' && hash !== undefined ? [{ number, hash }] : []
  })
}
