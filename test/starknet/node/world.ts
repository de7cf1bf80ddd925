import { Draw } from '../../../src/demo/draw.ts'
import { StarknetChain } from '../../../src/demo/starknet/chain.ts'
import type { Pace } from '../../../src/demo/starknet/draw-block.ts'
import { fieldsOf, type RpcAnswer } from '../../../src/demo/starknet/json-rpc.ts'
import { type NodeOptions, StarknetNode } from '../../../src/demo/starknet/node.ts'
import type { Arrived, Reply } from '../../nodes/scripted-node.ts'
import { startForgetfulNode } from '../../nodes/scripted-node.ts'
import { CAST, NEW_TOKENS } from './cast.ts'
import { FaultyNode } from './faults.ts'
import { OpenRpc } from './open-rpc.ts'

/** The time of the first block, in Unix seconds. */
export const START_TIME = 1_763_887_000

/** A simulated chain with odd tokens, and one node of it on a socket. */
export type NodeWorld = {
  readonly chain: StarknetChain
  readonly node: StarknetNode
  /** Switches faults on and off. */
  readonly faulty: FaultyNode
  readonly url: string
  /** What the specification says against the answers that were given without a fault. */
  readonly problems: readonly string[]
  /** Sends one request, with parameters in order or by name. */
  readonly ask: (method: string, params?: unknown) => Promise<ReadonlyMap<string, unknown>>
  /** Sends a body and resolves to the answer's. */
  readonly post: (body: unknown) => Promise<unknown>
  readonly stop: () => Promise<void>
}

/** How a world is made. */
export type NodeWorldOptions = NodeOptions & {
  readonly seed?: number
  /** Blocks after the first one. */
  readonly blocks: number
  readonly l1Below?: number
  readonly pace?: Pace
}

/** Makes a chain of drawn blocks, always the same for the same seed, and starts its node. */
export async function startNodeWorld(options: NodeWorldOptions): Promise<NodeWorld> {
  const { seed = 1, blocks, l1Below = 20, pace } = options
  const chain = new StarknetChain(CAST, {
    draw: new Draw(seed),
    l1Below,
    startTime: START_TIME,
    newTokens: NEW_TOKENS,
    ...(pace === undefined ? {} : { pace }),
  })
  for (let nth = 1; nth <= blocks; nth++) chain.grow(START_TIME + nth * 4)
  const node = new StarknetNode(chain, options)
  const faulty = new FaultyNode(node)
  const problems: string[] = []
  const openRpc = new OpenRpc(options.spec ?? '0.10.2')
  const server = await startForgetfulNode((arrived) => {
    const reply = faulty.reply(arrived)
    if (faulty.faults.size === 0 && faulty.drawn === undefined) problems.push(...problemsOf(openRpc, arrived, reply))
    return reply
  })
  const post = async (body: unknown): Promise<unknown> => {
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(server.url, { method: 'POST', headers, body: JSON.stringify(body) })
    return response.json()
  }
  const ask = async (method: string, params?: unknown): Promise<ReadonlyMap<string, unknown>> =>
    fieldsOf(await post({ jsonrpc: '2.0', id: 7, method, ...(params === undefined ? {} : { params }) }))
  return { chain, node, faulty, url: server.url, problems, ask, post, stop: server.stop }
}

function problemsOf(openRpc: OpenRpc, { batch, calls }: Arrived, reply: Reply): readonly string[] {
  if (typeof reply === 'string' || !('json' in reply)) return ['the node answers JSON']
  const answers: readonly unknown[] = batch && Array.isArray(reply.json) ? reply.json : [reply.json]
  return calls.flatMap(({ id, method, params, named }, at) => {
    const answer: RpcAnswer = Object.fromEntries(fieldsOf(answers[at]))
    return openRpc.problems({ id, method, params: named ?? params }, answer)
  })
}
