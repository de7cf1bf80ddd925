/** A server in its own process, with chains of fake nodes and a ledger. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { makeKey, type ServeProcess, startServe } from '../e2e/steelyard.ts'
import { type FakeBlock, FakeChain } from '../faults/chain.ts'
import { FakeNode } from '../faults/node.ts'
import { type Arrived, answerTo, type Reply, type ScriptedNode, startScriptedNode } from '../nodes/scripted-node.ts'
import { newPlace, placeMaker, type StorePlace } from '../store/engines.ts'

/**
 * How long a chain may take to be as wanted, in milliseconds. It takes some seconds on a machine that has nothing else to do, and
 * much longer on a busy one: indexers have the lowest priority.
 */
const PATIENCE_MS = 150_000

/** Blocks of each chain: enough for several pages in every table. */
const BLOCKS = 600

export type ChainHealth = {
  readonly audit?: { readonly in_doubt?: object }
  readonly id: string
  readonly state: string
  readonly error?: string
  readonly transfers: number
  readonly checkpoint?: { readonly number: number }
  readonly waiting?: { readonly for: string; readonly seconds: number }
}
export type Health = { readonly status: string; readonly chains: readonly ChainHealth[]; readonly errors?: string[] }

/** A node of a fake chain, on a socket. */
export type Node = {
  readonly server: ScriptedNode
  readonly blocks: readonly FakeBlock[]
  readonly answer: (arrived: Arrived) => Reply
}

/** Starts a node of a chain with this id. */
export async function startNode(id: number): Promise<Node> {
  const chain = await FakeChain.create()
  const blocks = chain.grow([], { from: -1, blocks: BLOCKS, branch: id })
  const node = new FakeNode(chain)
  node.show(blocks)
  node.remember()
  const answer = ({ calls, batch }: Arrived): Reply => {
    const answers = calls.map((asked) =>
      asked.method === 'eth_chainId'
        ? answerTo(asked, { eth_chainId: () => `0x${id.toString(16)}` })
        : node.answer(asked),
    )
    return { json: batch ? answers : answers[0] }
  }
  return { server: await startScriptedNode(answer), blocks, answer }
}

/** A folder with a configuration and a key of a store. `start` serves it. */
export type World = {
  readonly folder: string
  readonly config: string
  readonly key: string
  readonly start: (shell?: string) => Promise<Served>
  readonly remove: () => Promise<void>
}

/** A world whose store is in files, which tests may damage. */
export type FileWorld = World & { readonly data: string }

export type Served = ServeProcess & {
  readonly get: (path: string) => Promise<{ readonly status: number; readonly text: string }>
  readonly post: (path: string, body: object) => Promise<{ readonly status: number; readonly text: string }>
  readonly health: () => Promise<Health>
  /** Polls `/health` until the chain is as wanted. @throws Error after `PATIENCE_MS`, with the chain's last state */
  readonly until: (id: string, wanted: (chain: ChainHealth) => boolean) => Promise<ChainHealth>
}

export async function makeWorld(chains: readonly object[], place?: StorePlace): Promise<World> {
  const { url: store, end } = place ?? (await newPlace())
  const folder = mkdtempSync(join(tmpdir(), 'steelyard-robust-'))
  const config = join(folder, 'steelyard.yaml')
  writeFileSync(config, stringify({ listen: { port: 0 }, store, chains }))
  const key = await makeKey(config)
  return {
    folder,
    config,
    key,
    start: async (shell = '') => served(await startServe(config, shell), key),
    remove: async () => {
      rmSync(folder, { recursive: true, force: true })
      await end()
    },
  }
}

/** As `makeWorld`, of the engine whose stores are files. */
export async function makeFileWorld(chains: readonly object[]): Promise<FileWorld> {
  const place = await placeMaker('sqlite')()
  return { ...(await makeWorld(chains, place)), data: place.url.slice('sqlite:'.length) }
}

function served(server: ServeProcess, key: string): Served {
  const ask = async (path: string, init: RequestInit) => {
    const response = await fetch(server.url + path, init)
    return { status: response.status, text: await response.text() }
  }
  const get = (path: string) => ask(path, { headers: { 'x-api-key': key } })
  const health = async (): Promise<Health> => JSON.parse((await get('/health')).text)
  return {
    ...server,
    get,
    health,
    post: (path, body) =>
      ask(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    until: async (id, wanted) => {
      const deadline = Date.now() + PATIENCE_MS
      for (;;) {
        const chain = (await health()).chains.find((one) => one.id === id)
        if (chain !== undefined && wanted(chain)) return chain
        if (Date.now() > deadline)
          throw new Error(`${id} is never as wanted: ${JSON.stringify(chain)}\n${server.log()}`)
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    },
  }
}
