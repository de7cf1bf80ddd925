import { hex } from '../../../src/demo/chia/chain.ts'
import type { Market } from '../../../src/demo/chia/draw-orders.ts'
import type { ChiaNode } from '../../../src/demo/chia/node.ts'
import type { Cat, Order } from '../../../src/demo/chia/orders.ts'
import type { BlockName } from '../../../src/demo/chia/world.ts'
import { ChiaWorld } from '../../../src/demo/chia/world.ts'
import { Draw } from '../../../src/demo/draw.ts'
import { drawOddOrder } from './odd-orders.ts'
import { type RecordedBlock, Recorder, type RecordingOf } from './recorder.ts'
import { type Holding, holdingsAt, type Token, xchAt } from './truth.ts'

/** A call that a node got. */
export type Asked = { readonly path: string; readonly request: unknown }

/** A simulated chain for tests: it also tells the truth, and what its nodes were asked. */
export class TestWorld extends ChiaWorld {
  #asked: Asked[] = []
  readonly #luck = new Draw(7)
  readonly #recorder = new Recorder(this.chain)

  /** As `tradeFor`, for one block. */
  tradeOnce(market: Parameters<TestWorld['tradeFor']>[1], timestamp: number): BlockName {
    if (this.#luck.oneIn(2)) return this.mine([], timestamp)
    return this.trade(market.cats, market.traders, timestamp)
  }

  /** As `trade`, for so many blocks; two of three have no transactions, as on mainnet. */
  tradeFor(blocks: number, { cats, traders }: { readonly cats: readonly Cat[]; readonly traders: number }): BlockName {
    for (let nth = 0; nth < blocks; nth++) {
      if (this.#luck.below(3) > 0) this.mine([])
      else this.trade(cats, traders)
    }
    return this.head()
  }

  /** Replaces the newest `depth` blocks by `blocks` with drawn orders. */
  replaceDrawn(depth: number, blocks: number, market: Parameters<TestWorld['tradeFor']>[1]): BlockName {
    this.reorganize(depth, [])
    return this.tradeFor(blocks, market)
  }

  protected override drawBlock(market: Market, carryOut: (order: Order) => void): void {
    super.drawBlock(market, carryOut)
    const { draw, cats, traders, puzzleHashOf } = market
    if (!draw.oneIn(2)) return
    const victims = traders.map(puzzleHashOf)
    const catPuzzleHash = (cat: Cat, owner: string): string => this.catPuzzleHash(cat, owner)
    carryOut(drawOddOrder({ draw, cats, victims, payer: draw.of(traders), catPuzzleHash }))
  }

  /** The blocks from a number on, with what they changed and what these owners hold of these CATs after each. */
  recordedFrom(number: number, asked: RecordingOf): readonly RecordedBlock[] {
    return this.#recorder.from(number, asked)
  }

  /** What these owners, puzzle hashes in hex, hold of these CATs at a block. */
  truth(owners: readonly string[], tokens: readonly Token[], block = this.chain.height): readonly Holding[] {
    return holdingsAt(this.chain, { owners, tokens, block })
  }

  /** What an owner holds of XCH at a block, in mojos. */
  xch(owner: string, block = this.chain.height): bigint {
    return xchAt(this.chain, owner, block)
  }

  /** The name of a coin, in hex. */
  coinName({ parent, puzzleHash, amount }: { parent: string; puzzleHash: string; amount: bigint }): string {
    const bytes = (text: string): Uint8Array => Buffer.from(text.replace(/^0x/, ''), 'hex')
    return hex(new this.chain.sdk.Coin(bytes(parent), bytes(puzzleHash), amount).coinId())
  }

  /** What the nodes were asked since the last look. */
  asked(): readonly Asked[] {
    return this.#asked.splice(0)
  }

  protected override answer(node: ChiaNode, path: string, text: string) {
    this.#asked.push({ path, request: parsed(text) })
    return super.answer(node, path, text)
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
