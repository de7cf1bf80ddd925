import { Draw } from '../../../src/demo/draw.ts'
import type { Arrived, Reply } from '../../nodes/scripted-node.ts'
import { CHAINBASE } from '../chainbase.ts'
import { Network, overJsonRpc, type Witness } from '../network.ts'
import { Told } from '../told.ts'
import type { World } from '../world.ts'
import { CAST, OTHERS } from './cast.ts'
import { EvmChain } from './chain.ts'
import { Blooms, EvmNode } from './node.ts'

/** How far the finalized block is below the highest one. */
const FINAL_BELOW = 32
/** Blocks that exist before the server starts; most of them are final. */
const EARLIER_BLOCKS = 200
/** How many blocks a full node keeps state for. */
const STATE_BLOCKS = 128
/** Time between polls of a node, in milliseconds. */
const POLL_MS = 150

/** An EVM chain with odd tokens, and three nodes: an archive with times in its logs, and two full nodes. */
export async function startEvmWorld(seed: number): Promise<World> {
  const startTime = Math.floor(Date.now() / 1000) - EARLIER_BLOCKS
  const chain = new EvmChain(CAST, { draw: new Draw(seed), finalBelow: FINAL_BELOW, startTime })
  for (let nth = 1; nth <= EARLIER_BLOCKS; nth++) chain.grow(startTime + nth)
  const blooms = await Blooms.create()
  const archive = new EvmNode(chain, blooms, { stateBlocks: Number.POSITIVE_INFINITY, logTimes: true })
  const full = [true, false].map((logTimes) => new EvmNode(chain, blooms, { stateBlocks: STATE_BLOCKS, logTimes }))
  const told = new Told()
  const witness: Witness = {
    onReply: (arrived, reply) => {
      for (const head of headsIn(arrived, reply)) told.note(head)
    },
    omitted: (contract) => chain.noteOmitted(contract),
  }
  const nodes = [archive, ...full].map((node) => overJsonRpc(node, witness))
  const network = await Network.start(nodes, new Draw(seed + 1))
  const tokens = new Set(CAST.programs.keys())
  for (const other of OTHERS) tokens.delete(other)
  tokens.add(CAST.comesAndGoes)
  return {
    truth: chain,
    questions: CHAINBASE,
    settlingMs: 150_000,
    chain: { id: 'eip155:1', rpc: network.urls, poll_ms: POLL_MS, from: 0 },
    head: () => chain.head,
    subjects: () => {
      for (const [address, { program }] of chain.head.state.contracts)
        if (program.standard === 'erc20') tokens.add(address)
      return {
        accounts: CAST.accounts,
        tokens: [...tokens],
        others: OTHERS,
        head: chain.head.number,
        time: chain.head.timestamp,
      }
    },
    grow: () => network.announce(chain.grow(Math.max(chain.head.timestamp, Math.floor(Date.now() / 1000)))),
    reorganize: (depth, blocks) => network.announce(chain.reorganize(depth, blocks)),
    drawReorg: (draws) => {
      const depth = draws.oneIn(4) ? draws.between(1, 30) : draws.between(1, 3)
      // Sometimes the new branch is no higher for a while, or one block lower.
      return { depth, blocks: Math.max(1, depth + draws.between(-1, 2)) }
    },
    unsettled: () => chain.head.number - chain.finalized.number,
    odd: () => chain.odd(),
    expectKnown: () => chain.expectKnown(),
    trouble: () => network.trouble(),
    calm: () => network.calm(chain.head),
    toldAfter: (block) => told.after(block),
    forgetTold: () => told.reset(),
    happened: () => network.happened(),
    stop: () => network.stop(),
  }
}

/** The heads that a reply reports. */
function headsIn(arrived: Arrived, reply: Reply): readonly { number: number; hash: string }[] {
  if (typeof reply === 'string' || !('json' in reply)) return []
  const items: readonly unknown[] = Array.isArray(reply.json) ? reply.json : [reply.json]
  return arrived.calls.flatMap(({ method, params }, place) => {
    if (method !== 'eth_getBlockByNumber' || params[0] !== 'latest') return []
    const { result } = Object(items[place])
    const { number, hash } = Object(result)
    return typeof number === 'string' && typeof hash === 'string' ? [{ number: Number(number), hash }] : []
  })
}
