/** What the conformance suite of chains needs of a kind, and short words for its tests. */
import type { AdapterCounts, AdapterOptions, ChainAdapter } from '../../src/chains/adapter.ts'
import { assert } from '../../src/core/assert.ts'
import { type AssetRef, assetKey, NO_ITEM } from '../../src/core/asset.ts'
import type { FinalityRule, Header } from '../../src/core/block.ts'
import type { ChainId } from '../../src/core/chain.ts'
import type { Scope } from '../../src/core/coverage.ts'
import type { BlockTransfers, Transfer } from '../../src/core/transfer.ts'
import { backfill } from '../../src/indexer/backfill.ts'

/** A transfer that a test puts into a block. */
export type Move = Pick<Transfer, 'asset' | 'from' | 'to' | 'item' | 'amount'>

/** Contracts of the chain under test, besides the coin. All but `absent` exist from block 0 on. */
export type SuiteContracts = {
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

/** What a kind's chains have and can do. What they cannot do is not tested. */
export type Traits = {
  /** Its chains have `contracts`. */
  readonly hasContracts: boolean
  /** Transfers are as they were made, or one for each coin that a move spent or created. */
  readonly transfers: 'as made' | 'coins'
  /** The chain can be followed for all accounts, and for tokens. */
  readonly followsAll: boolean
  /** A transaction can be asked for by its hash. */
  readonly findsTransactions: boolean
  /** How transfers are found that a node's index leaves out: by receipts, or from another node. */
  readonly settlesLies: 'receipts' | 'another node'
  /** What a chain tells of the coin after mints of 1, 2 and 3. */
  readonly coinFacts: {
    readonly name: string | undefined
    readonly decimals: number
    readonly totalSupply: bigint | undefined
  }
  /** Limits of nodes with which everything must still be found. */
  readonly limits: readonly Mood[]
}

/** How a node behaves. Without any of these it is sound and shows the newest block. */
export type Mood = {
  /** Its newest block is this many blocks below the chain's. */
  readonly lag?: number
  /** It stays at the block that is the newest now, whatever happens to the chain. */
  readonly stays?: boolean
  /** Its index of events, or of spends, finds nothing, although its blocks show that there are some. */
  readonly omits?: boolean
  /** It refuses to list the events of more blocks at once. */
  readonly maxBlocks?: number
  /** It refuses to list more events at once. */
  readonly maxEvents?: number
  /** It reads so few rows of its index of accounts, and does not say so. */
  readonly maxRows?: number
  /** It sends lists in pages of this size. */
  readonly pageSize?: number
}

/** One node of the chain under test, on a socket. */
export type NodeUnderTest = {
  readonly url: string
  /** Changes how it behaves, from now on. */
  readonly behave: (mood: Mood) => Promise<void>
}

/** A chain of one kind, as a test makes it. Block 0 exists and has no transfers. */
export type ChainUnderTest = {
  readonly chain: ChainId
  /** Three accounts without balances. */
  readonly accounts: readonly [string, string, string]
  /** A fungible token without faults. If the chain knows names, its name is `Coin`. */
  readonly coin: AssetRef
  /** Present if the kind has contracts. */
  readonly contracts?: SuiteContracts
  /** A very large amount of the coin that one move can have. */
  readonly large: bigint
  /** How far the finalized block is below the newest one, by the kind's usual finality. */
  readonly finalBelow: number
  /** Adds a block with these transfers. Contracts move what they say. */
  readonly mine: (...moves: readonly Move[]) => Promise<void>
  /** Replaces the newest `depth` blocks by these. */
  readonly reorganize: (depth: number, blocks: readonly (readonly Move[])[]) => Promise<void>
  /** Starts a node that keeps the state of all blocks. */
  readonly node: (mood?: Mood) => Promise<NodeUnderTest>
  readonly stop: () => Promise<void>
}

/** A kind of chain, for the suite. */
export type KindUnderTest = {
  readonly name: string
  readonly usualFinality: FinalityRule
  readonly traits: Traits
  /** False on platforms on which its chains cannot run. */
  readonly runsHere?: boolean
  readonly start: () => Promise<ChainUnderTest>
  /** Creates an adapter without pauses between attempts, so that no test waits. */
  readonly createAdapter: (options: AdapterOptions) => {
    readonly adapter: ChainAdapter
    readonly counts: AdapterCounts
  }
}

/** The traits of kinds whose contracts say what they moved, and whose nodes list that. */
export const CONTRACT_TRAITS: Traits = {
  hasContracts: true,
  transfers: 'as made',
  followsAll: true,
  findsTransactions: true,
  settlesLies: 'receipts',
  coinFacts: { name: 'Coin', decimals: 18, totalSupply: 6n },
  limits: [{ maxBlocks: 3 }, { maxBlocks: 1 }, { maxEvents: 4 }],
}

/** A signal that never fires. */
export const SIGNAL = new AbortController().signal

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

  /** The scope that sees all transfers of the tests. */
  get scope(): Scope {
    const { accounts } = this.world
    return this.#kind.traits.followsAll ? { type: 'all' } : { type: 'accounts', accounts }
  }

  get contracts(): SuiteContracts {
    const { contracts } = this.world
    assert(contracts !== undefined, 'the kind has contracts')
    return contracts
  }

  /** Mints a coin in each of so many blocks. */
  async mints(blocks: number): Promise<void> {
    const [account] = this.world.accounts
    for (let nth = 1; nth <= blocks; nth++) await this.world.mine(this.coin({ to: account, amount: BigInt(nth) }))
  }

  /** The moves of a block as transfers show them. */
  shown(moves: readonly Move[]): readonly Move[] {
    return this.#kind.traits.transfers === 'coins' ? net(moves) : moves
  }

  /** The transfers of blocks, in the form of `shown`. */
  movesOf(blocks: readonly BlockTransfers[]): readonly Move[] {
    return blocks.flatMap(({ transfers }) =>
      this.shown(transfers.map(({ asset, from, to, item, amount }) => ({ asset, from, to, item, amount }))),
    )
  }

  coin(move: { readonly from?: string; readonly to?: string; readonly amount: bigint }): Move {
    return { asset: this.world.coin, from: move.from, to: move.to, item: NO_ITEM, amount: move.amount }
  }

  /** One block with a transfer of each kind of asset, and the moves in it. */
  async mineAll(): Promise<readonly Move[]> {
    const { accounts, contracts, large, mine } = this.world
    const [one, two] = accounts
    const items = contracts && [
      { asset: contracts.deeds, from: undefined, to: two, item: '12', amount: 1n },
      { asset: contracts.goods, from: undefined, to: one, item: '3', amount: 40n },
    ]
    const moves: readonly Move[] = [
      this.coin({ to: one, amount: large }),
      this.coin({ from: one, to: two, amount: 7n }),
      ...(items ?? []),
      this.coin({ from: two, amount: 2n }),
    ]
    await mine(...moves)
    return moves
  }
}

/** What each account gains or loses of each asset, as one-sided moves in a fixed order. */
function net(moves: readonly Move[]): readonly Move[] {
  const sums = new Map<string, { readonly account: string; readonly move: Move; sum: bigint }>()
  for (const move of moves) {
    for (const [account, amount] of [[move.from, -move.amount] as const, [move.to, move.amount] as const]) {
      if (account === undefined) continue
      const key = `${account} ${assetKey(move.asset)} ${move.item}`
      const known = sums.get(key) ?? { account, move, sum: 0n }
      sums.set(key, { ...known, sum: known.sum + amount })
    }
  }
  const changed = [...sums].filter(([, { sum }]) => sum !== 0n).sort(([a], [b]) => (a < b ? -1 : 1))
  return changed.map(
    ([
      ,
      {
        account,
        move: { asset, item },
        sum,
      },
    ]) => {
      const sides = sum > 0n ? { from: undefined, to: account } : { from: account, to: undefined }
      return { asset, item, ...sides, amount: sum > 0n ? sum : -sum }
    },
  )
}

/** The newest block of the node. */
export async function newest(adapter: ChainAdapter): Promise<Header> {
  return (await adapter.heads(SIGNAL)).latest
}

/** The headers of all blocks. */
export async function allHeaders(adapter: ChainAdapter): Promise<readonly Header[]> {
  return adapter.headers({ first: 0, last: (await newest(adapter)).number }, SIGNAL)
}

/** All transfers up to a block, by ranges that get smaller as the node asks for it. */
export async function byRanges(adapter: ChainAdapter, scope: Scope, last: number): Promise<readonly BlockTransfers[]> {
  const found: BlockTransfers[] = []
  const wanted = { adapter, scope, first: 0, last, signal: SIGNAL, now: () => performance.now() }
  for await (const { blocks } of backfill(wanted)) found.push(...blocks)
  return found
}
