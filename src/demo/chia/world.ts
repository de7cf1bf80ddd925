import { assert } from '../../core/assert.ts'
import { Draw } from '../draw.ts'
import { ChiaChain, hex } from './chain.ts'
import { drawOrders, type Market } from './draw-orders.ts'
import { execute } from './execute.ts'
import { ChiaNode } from './node.ts'
import type { Cat, Order } from './orders.ts'
import { Purse } from './purse.ts'
import type { Sdk } from './sdk.ts'
import { type ServedNode, type ServerTls, serveChiaNode } from './serve.ts'
import type { ChiaNodeOptions } from './view.ts'

/** How a simulated chain begins. */
export type WorldOptions = {
  /** The same seed makes the same chain. */
  readonly seed: number
  /** The time of the first block, in Unix seconds. */
  readonly timestamp: number
  /** Wallets 1 to this number get XCH in the first block. */
  readonly funded: number
}

/** How a node is served. */
export type NodeSetting = {
  readonly options?: ChiaNodeOptions
  readonly port?: number
  readonly tls?: ServerTls
  /** It stays at the block that is the newest now, whatever happens to the chain. */
  readonly stays?: boolean
}

/** A block of the chain, in hex without 0x. */
export type BlockName = { readonly number: number; readonly hash: string; readonly timestamp: number }

/** What the funded wallets get together, in mojos: a little less than there is. */
const FUNDS = 20n * 10n ** 18n
/** Seconds between blocks: a little more than on mainnet. */
const BLOCK_SECONDS = 19

/** A simulated chain with wallets and nodes. Its methods are called from another process: see `simulator-process.ts`. */
export class ChiaWorld {
  readonly #sdk: Sdk
  readonly #purse: Purse
  readonly #draw: Draw
  readonly #nodes: { readonly node: ChiaNode; readonly served: ServedNode }[] = []
  protected readonly chain: ChiaChain

  constructor(sdk: Sdk, { seed, timestamp, funded }: WorldOptions) {
    this.#sdk = sdk
    this.#purse = new Purse(sdk)
    this.#draw = new Draw(seed)
    const wallets = Array.from({ length: funded }, (_, at) => this.#purse.wallet(at + 1).puzzleHash)
    this.chain = ChiaChain.start(sdk, {
      seed: BigInt(seed),
      timestamp,
      funds: wallets.map((puzzleHash) => [puzzleHash, FUNDS / BigInt(funded)] as const),
    })
    for (const coin of this.chain.coinsBy('puzzle hashes', wallets)) this.#purse.addCoin(coin.coin, 0)
  }

  /** The puzzle hash, in hex, and the address of a wallet. */
  wallet(number: number): { readonly puzzleHash: string; readonly address: string } {
    const { puzzleHash } = this.#purse.wallet(number)
    return { puzzleHash: hex(puzzleHash), address: new this.#sdk.Address(puzzleHash, 'xch').encode() }
  }

  /** The hash of a CAT's TAIL, and of the puzzle that may revoke it, in hex. */
  cat(cat: Cat): { readonly tail: string; readonly hidden: string | undefined } {
    const { assetId, hiddenPuzzleHash } = this.#purse.info(cat, Buffer.alloc(32))
    return { tail: hex(assetId), hidden: hiddenPuzzleHash === null ? undefined : hex(hiddenPuzzleHash) }
  }

  /** The puzzle hash of an owner's coins of a CAT, in hex. */
  catPuzzleHash(cat: Cat, owner: string): string {
    return hex(this.#purse.info(cat, Buffer.from(owner, 'hex')).puzzleHash())
  }

  /** What an owner holds of a CAT by the orders so far, in mojos. */
  held(cat: Cat, owner: string): bigint {
    return this.#purse.held(this.#purse.info(cat, Buffer.from(owner, 'hex')))
  }

  head(): BlockName {
    const { number, hash, timestamp } = this.chain.head
    return { number, hash: hex(hash), timestamp }
  }

  /** Adds one block with these orders; none: a block without transactions. */
  mine(orders: readonly Order[], timestamp?: number): BlockName {
    return this.#mineWith((carryOut) => orders.forEach(carryOut), timestamp)
  }

  /** Adds a block with drawn orders of these CATs between wallets 1 to `traders`. */
  trade(cats: readonly Cat[], traders: number, timestamp?: number): BlockName {
    const market: Market = {
      draw: this.#draw,
      cats,
      traders: Array.from({ length: traders }, (_, at) => at + 1),
      puzzleHashOf: (wallet) => this.wallet(wallet).puzzleHash,
      held: (cat, owner) => this.held(cat, owner),
    }
    return this.#mineWith((carryOut) => this.drawBlock(market, carryOut), timestamp)
  }

  /** Replaces the newest `depth` blocks by these. */
  reorganize(depth: number, blocks: readonly (readonly Order[])[]): BlockName {
    this.chain.revert(depth)
    this.#purse.revert(this.chain.height)
    for (const orders of blocks) this.mine(orders)
    return this.head()
  }

  /** Starts a node. Resolves to its number and its URL. */
  async startNode(setting: NodeSetting = {}): Promise<{ readonly id: number; readonly url: string }> {
    const { port, tls } = setting
    const node = new ChiaNode(this.chain)
    const served = await serveChiaNode((path, text) => this.answer(node, path, text), {
      ...(port === undefined ? {} : { port }),
      ...(tls === undefined ? {} : { tls }),
    })
    const id = this.#nodes.push({ node, served }) - 1
    this.behave(id, setting)
    return { id, url: served.url }
  }

  /** Changes how a node behaves, from now on. */
  behave(id: number, { options = {}, stays = false }: Omit<NodeSetting, 'port' | 'tls'>): void {
    const known = this.#nodes[id]
    assert(known !== undefined, 'the node was started')
    known.node.options = options
    known.node.chain = stays ? this.chain.copy() : this.chain
  }

  /** Stops all nodes. */
  async stop(): Promise<void> {
    await Promise.all(this.#nodes.splice(0).map(({ served }) => served.stop()))
  }

  /** Draws the orders of a block. */
  protected drawBlock(market: Market, carryOut: (order: Order) => void): void {
    drawOrders(market, carryOut)
  }

  /** Adds one block with what `give` orders. */
  #mineWith(
    give: (carryOut: (order: Order) => void) => void,
    timestamp = this.chain.head.timestamp + BLOCK_SECONDS,
  ): BlockName {
    const clvm = new this.#sdk.Clvm()
    const scene = { sdk: this.#sdk, clvm, purse: this.#purse, number: this.chain.height + 1 }
    try {
      give((order) => execute(order, scene))
      this.chain.grow(timestamp, { clvm, keys: this.#purse.secretKeys })
    } catch (error) {
      this.#purse.revert(this.chain.height)
      throw error
    }
    return this.head()
  }

  /** What a node answers. */
  protected answer(node: ChiaNode, path: string, text: string) {
    return node.answer(path, text)
  }
}
