/** What the conformance suite of chains needs of a kind, and short words for its tests. */
import type { AdapterCounts, AdapterOptions, ChainAdapter } from '../../src/chains/adapter.ts'
import { type AssetRef, NO_ITEM } from '../../src/core/asset.ts'
import type { FinalityRule, Header } from '../../src/core/block.ts'
import type { ChainId } from '../../src/core/chain.ts'
import type { BlockTransfers, Transfer } from '../../src/core/transfer.ts'
import { backfill } from '../../src/indexer/backfill.ts'

/** A transfer that a test puts into a block. */
export type Move = Pick<Transfer, 'asset' | 'from' | 'to' | 'item' | 'amount'>

/** The contracts of the chain under test. All but `absent` exist from block 0 on. */
export type SuiteAssets = {
  /** A fungible token without faults. Its name is `Coin`. */
  readonly coin: AssetRef
  /** A collection in which each item has one owner. */
  readonly deeds: AssetRef
  /** A collection in which many accounts hold an item, without a call for an account's sum. */
  readonly goods: AssetRef
  /** A fungible token that fails at every call. */
  readonly dead: AssetRef
  /** A fungible token that answers a balance of the wrong size, and a name of megabytes with control characters. */
  readonly hostile: AssetRef
  /** A fungible token at an address without a contract. */
  readonly absent: AssetRef
}

/** How a node behaves. Without any of these it is sound and shows the newest block. */
export type Mood = {
  /** Its newest block is this many blocks below the chain's. */
  readonly lag?: number
  /** It stays at the block that is the newest now, whatever happens to the chain. */
  readonly stays?: boolean
  /** Its index of events finds nothing, although its blocks show that there are some. */
  readonly omits?: boolean
  /** It refuses to list the events of more blocks at once. */
  readonly maxBlocks?: number
  /** It refuses to list more events at once. */
  readonly maxEvents?: number
}

/** One node of the chain under test, on a socket. */
export type NodeUnderTest = {
  readonly url: string
  /** Changes how it behaves, from now on. */
  readonly behave: (mood: Mood) => void
}

/** A chain of one kind, as a test makes it. Block 0 exists and has no transfers. */
export type ChainUnderTest = {
  readonly chain: ChainId
  /** Three accounts without balances. */
  readonly accounts: readonly [string, string, string]
  readonly assets: SuiteAssets
  /** How far the finalized block is below the newest one, by the kind's usual finality. */
  readonly finalBelow: number
  /** Adds a block with these transfers. Contracts move what they say. */
  readonly mine: (...moves: readonly Move[]) => void
  /** Replaces the newest `depth` blocks by these. */
  readonly reorganize: (depth: number, blocks: readonly (readonly Move[])[]) => void
  /** Starts a node that keeps the state of all blocks. */
  readonly node: (mood?: Mood) => Promise<NodeUnderTest>
  readonly stop: () => Promise<void>
}

/** A kind of chain, for the suite. */
export type KindUnderTest = {
  readonly name: string
  readonly usualFinality: FinalityRule
  readonly start: () => Promise<ChainUnderTest>
  /** Creates an adapter without pauses between attempts, so that no test waits. */
  readonly createAdapter: (options: AdapterOptions) => {
    readonly adapter: ChainAdapter
    readonly counts: AdapterCounts
  }
}

/** A signal that never fires. */
export const SIGNAL = new AbortController().signal
/** The scope of everything. */
export const ALL = { type: 'all' } as const

/** Starts a chain for one test. It stops with the test. */
export type Start = () => Promise<Bench>

/** A chain with its adapters, and short words for what tests do with them. */
export class Bench {
  readonly world: ChainUnderTest
  readonly #kind: KindUnderTest

  constructor(kind: KindUnderTest, world: ChainUnderTest) {
    this.#kind = kind
    this.world = world
  }

  /** An adapter over these nodes, the preferred one first. */
  made(nodes: readonly NodeUnderTest[], finality: FinalityRule = this.#kind.usualFinality) {
    const options = { chain: this.world.chain, rpc: nodes.map(({ url }) => url), finality, warn: () => undefined }
    return this.#kind.createAdapter(options)
  }

  /** An adapter over one sound node. */
  async sound(): Promise<ChainAdapter> {
    return this.made([await this.world.node()]).adapter
  }

  /** Mints a coin in each of so many blocks. */
  mints(blocks: number): void {
    const [account] = this.world.accounts
    for (let nth = 1; nth <= blocks; nth++) this.world.mine(this.coin({ to: account, amount: BigInt(nth) }))
  }

  coin(move: { readonly from?: string; readonly to?: string; readonly amount: bigint }): Move {
    return { asset: this.world.assets.coin, from: move.from, to: move.to, item: NO_ITEM, amount: move.amount }
  }

  /** One block with a transfer of each kind of asset, and the moves in it. */
  mineAll(): readonly Move[] {
    const { accounts, assets, mine } = this.world
    const [one, two] = accounts
    const moves: readonly Move[] = [
      this.coin({ to: one, amount: 2n ** 255n }),
      this.coin({ from: one, to: two, amount: 7n }),
      { asset: assets.deeds, from: undefined, to: two, item: '12', amount: 1n },
      { asset: assets.goods, from: undefined, to: one, item: '3', amount: 40n },
      this.coin({ from: two, amount: 2n }),
    ]
    mine(...moves)
    return moves
  }
}

/** The newest block of the node. */
export async function newest(adapter: ChainAdapter): Promise<Header> {
  return (await adapter.heads(SIGNAL)).latest
}

/** The headers of all blocks. */
export async function allHeaders(adapter: ChainAdapter): Promise<readonly Header[]> {
  return adapter.headers({ first: 0, last: (await newest(adapter)).number }, SIGNAL)
}

/** The transfers of blocks, as a test made them. */
export function movesOf(blocks: readonly BlockTransfers[]): readonly Move[] {
  return blocks.flatMap(({ transfers }) =>
    transfers.map(({ asset, from, to, item, amount }) => ({ asset, from, to, item, amount })),
  )
}

/** All transfers up to a block, by ranges that get smaller as the node asks for it. */
export async function byRanges(adapter: ChainAdapter, last: number): Promise<readonly BlockTransfers[]> {
  const found: BlockTransfers[] = []
  const wanted = { adapter, scope: ALL, first: 0, last, signal: SIGNAL, now: () => performance.now() }
  for await (const { blocks } of backfill(wanted)) found.push(...blocks)
  return found
}
