import { assert } from '../../../src/core/assert.ts'
import type { Cat } from '../../../src/demo/chia/orders.ts'
import { Draw } from '../../../src/demo/draw.ts'
import type { RecordedBlock } from '../../chia/node/recorder.ts'
import { startTestWorld } from '../../chia/node/start.ts'
import type { Reply } from '../../nodes/scripted-node.ts'
import { addedUp } from '../happened.ts'
import { Network } from '../network.ts'
import { SPACESCAN } from '../spacescan.ts'
import { Told } from '../told.ts'
import type { World } from '../world.ts'
import { Branches } from './branches.ts'
import { FaultyChiaNode, overRoutes } from './faulty-node.ts'
import { ChiaTruth, trueBlock } from './truth.ts'

/** Blocks that exist before the server starts; most of them are final. */
const EARLIER_BLOCKS = 150
/** Time between polls of a node, in milliseconds. */
const POLL_MS = 150
/** How far the finalized block is below the newest one, by the usual finality. */
const FINAL_BELOW = 32
const NODES = 3
const TRADERS = 9
const CATS: readonly Cat[] = [{ issuer: 1 }, { issuer: 2 }, { issuer: 3, revoker: 9 }, { issuer: 3 }]
const MARKET = { cats: CATS, traders: TRADERS }

/** How a Chia world is made. */
export type ChiaWorldOptions = { readonly earlierBlocks?: number }

/** A simulated Chia chain with odd coins, and three nodes. */
export async function startChiaWorld(seed: number, options: ChiaWorldOptions = {}): Promise<World> {
  const { earlierBlocks = EARLIER_BLOCKS } = options
  const { simulated, wallets, tokens } = await startTrade(seed, earlierBlocks)
  const asked = { owners: wallets.map(({ puzzleHash }) => puzzleHash), tokens }
  const branches = new Branches()
  const puzzleHashes = new Map(wallets.map(({ address, puzzleHash }) => [address, puzzleHash]))
  const truth = new ChiaTruth(branches, {
    puzzleHashes,
    names: new Map(tokens.map(({ tail }, at) => [tail, `CAT ${at}`])),
  })
  const draw = new Draw(seed + 1)
  const { nodes, setTrouble } = makeNodes(branches, draw)
  const told = new Told()
  const network = await Network.start(
    nodes.map((node) => overRoutes(node, (path, reply) => noteHead(told, path, reply))),
    draw,
  )
  /** Takes down the blocks from a number on, and tells the nodes of the last one. */
  const record = async (from: number): Promise<RecordedBlock> => {
    const blocks = await simulated.call('recordedFrom', from, asked)
    for (const block of blocks) branches.add(block)
    const head = blocks.at(-1)
    assert(head !== undefined, 'the chain has a head')
    truth.noteHead(head)
    network.announce(head)
    return head
  }
  let newest = await record(0)
  const accounts = wallets.map(({ address }) => address)
  return {
    truth,
    questions: SPACESCAN,
    settlingMs: 150_000,
    chain: { id: 'chia:simulator0', rpc: network.urls, poll_ms: POLL_MS },
    head: () => trueBlock(newest),
    subjects: () => {
      const { number, timestamp } = newest.block
      const tails = [...new Set(tokens.map(({ tail }) => tail))]
      return { accounts, tokens: tails, others: [], head: number, time: timestamp }
    },
    grow: async () => {
      await simulated.call('tradeOnce', MARKET, Math.max(newest.block.timestamp, nowSeconds()))
      newest = await record(newest.block.number + 1)
    },
    drawReorg,
    reorganize: async (depth, blocks) => {
      const kept = newest.block.number - depth
      await simulated.call('replaceDrawn', depth, blocks, MARKET)
      newest = await record(kept + 1)
    },
    unsettled: () => FINAL_BELOW,
    odd: () => [],
    expectKnown: () => undefined,
    trouble: () => {
      setTrouble(true)
      network.trouble()
    },
    calm: () => {
      setTrouble(false)
      network.calm(newest)
    },
    toldAfter: (block) => told.after(block),
    forgetTold: () => told.reset(),
    happened: () => addedUp([network.happened(), ...nodes.map(({ happened }) => happened)]),
    stop: async () => {
      await network.stop()
      await simulated.stop()
    },
  }
}

/** A simulated chain on which accounts have traded for some blocks. */
async function startTrade(seed: number, blocks: number) {
  const simulated = await startTestWorld({ seed, timestamp: nowSeconds() - blocks * 19 })
  await simulated.call('tradeFor', blocks, MARKET)
  const wallets = await Promise.all(Array.from({ length: TRADERS }, (_, at) => simulated.call('wallet', at + 1)))
  const tokens = await Promise.all(CATS.map((cat) => simulated.call('cat', cat)))
  return { simulated, wallets, tokens }
}

function makeNodes(branches: Branches, draw: Draw) {
  const nodes = Array.from({ length: NODES }, () => new FaultyChiaNode(branches, draw))
  const setTrouble = (isTroubled: boolean): void => {
    for (const node of nodes) node.isTroubled = isTroubled
  }
  return { nodes, setTrouble }
}

function drawReorg(draw: Draw): { readonly depth: number; readonly blocks: number } {
  const depth = draw.oneIn(4) ? draw.between(1, FINAL_BELOW - 2) : draw.between(1, 3)
  return { depth, blocks: Math.max(1, depth + draw.between(-1, 2)) }
}

/** Notes the head that an answer reports. */
function noteHead(told: Told, path: string, reply: Reply): void {
  if (path !== '/get_blockchain_state' || typeof reply === 'string' || !('text' in reply)) return
  const found = /"header_hash":"0x([0-9a-f]{64})","height":(\d+)/.exec(reply.text)
  if (found?.[1] !== undefined) told.note({ number: Number(found[2]), hash: `0x${found[1]}` })
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000)
}
