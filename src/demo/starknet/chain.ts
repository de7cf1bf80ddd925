import { assert } from '../../core/assert.ts'
import type { Draw } from '../draw.ts'
import { type Cast, firstBlock } from './cast.ts'
import { drawBlock, type Pace, SMALL } from './draw-block.ts'
import { execute, type Made, type Planned } from './execute.ts'
import type { Felt } from './felt.ts'
import type { Program } from './program.ts'
import { ancestorAt, type StarknetBlock } from './state.ts'

/** How a chain is made. */
export type ChainOptions = {
  readonly draw: Draw
  /** How far the newest block that L1 accepted is below the highest one. No reorg is deeper. */
  readonly l1Below: number
  /** The time of the first block, in Unix seconds. */
  readonly startTime: number
  readonly pace?: Pace
  /** The code of tokens that are deployed later. */
  readonly newTokens?: readonly Program[]
}

/** A simulated Starknet chain with all its branches. The same cast and the same draws give the same chain. */
export class StarknetChain {
  readonly cast: Cast
  readonly #options: ChainOptions
  readonly #byHash = new Map<Felt, StarknetBlock>()
  readonly #byTransaction = new Map<Felt, StarknetBlock>()
  readonly #odd = new Set<Felt>()
  /** The number of the newest block on L1 when a block became the head, by the head's hash. */
  readonly #l1AcceptedAt = new Map<Felt, number>()
  #head: StarknetBlock
  #l1Accepted: StarknetBlock
  #proposed: StarknetBlock | undefined
  #serial = 0

  constructor(cast: Cast, options: ChainOptions) {
    this.cast = cast
    this.#options = options
    this.#head = this.#make(firstBlock(cast), undefined, options.startTime).block
    this.#l1Accepted = this.#head
    this.#become(this.#head)
  }

  /** The newest block of the canonical branch. */
  get head(): StarknetBlock {
    return this.#head
  }

  /** The newest block that L1 accepted: no reorg replaces it. */
  get l1Accepted(): StarknetBlock {
    return this.#l1Accepted
  }

  /** The block that is proposed on the head, without a hash that anyone may know yet. */
  get preConfirmed(): StarknetBlock | undefined {
    return this.#proposed?.parent === this.#head ? this.#proposed : undefined
  }

  /** Tokens on any branch with balances that their events do not report. */
  get odd(): ReadonlySet<Felt> {
    return this.#odd
  }

  /** The block that was accepted on L1 when this one was the head. */
  l1AcceptedAt(head: StarknetBlock): StarknetBlock {
    return ancestorAt(head, this.#l1AcceptedAt.get(head.hash) ?? 0) ?? head
  }

  /** Adds a block to the canonical branch: a drawn one, or one of these transactions. `timestamp` in Unix seconds. */
  grow(timestamp: number, planned?: readonly Planned[]): StarknetBlock {
    return this.#become(this.#add(planned, this.#head, timestamp))
  }

  /**
   * Replaces the newest `depth` blocks by others, but never a block that L1 accepted: by so many drawn ones, or by blocks
   * of these transactions. With fewer new blocks than old ones the chain gets shorter.
   */
  reorganize(depth: number, blocks: number | readonly (readonly Planned[])[]): StarknetBlock {
    const from = ancestorAt(this.#head, Math.max(this.#head.number - depth, this.#l1Accepted.number))
    assert(from !== undefined, 'a chain has a block that L1 accepted')
    let newest = from
    const planned = typeof blocks === 'number' ? Array.from({ length: blocks }, () => undefined) : blocks
    for (const one of planned) newest = this.#add(one, newest, this.#head.timestamp)
    return this.#become(newest)
  }

  /** Proposes a block on the head. It is pre-confirmed until the head changes, and it never becomes part of the chain. */
  propose(timestamp: number): StarknetBlock {
    this.#proposed = this.#make(this.#draw(this.#head), this.#head, timestamp).block
    return this.#proposed
  }

  /** A block of any branch. */
  find(hash: Felt): StarknetBlock | undefined {
    return this.#byHash.get(hash)
  }

  /** The block of a transaction, on any branch. */
  blockWith(transaction: Felt): StarknetBlock | undefined {
    return this.#byTransaction.get(transaction)
  }

  #add(planned: readonly Planned[] | undefined, parent: StarknetBlock, timestamp: number): StarknetBlock {
    const { block, odd } = this.#make(planned ?? this.#draw(parent), parent, timestamp)
    for (const token of odd) this.#odd.add(token)
    return block
  }

  #draw(parent: StarknetBlock): readonly Planned[] {
    const { draw, pace = SMALL, newTokens = [] } = this.#options
    return drawBlock(parent, { cast: this.cast, draw, pace, newTokens })
  }

  #make(planned: readonly Planned[], parent: StarknetBlock | undefined, timestamp: number): Made {
    return execute(planned, { parent, timestamp, serial: this.#serial++ }, this.cast)
  }

  #become(head: StarknetBlock): StarknetBlock {
    for (let at: StarknetBlock | undefined = head; at !== undefined && !this.#byHash.has(at.hash); at = at.parent) {
      this.#byHash.set(at.hash, at)
      for (const { hash } of at.transactions) this.#byTransaction.set(hash, at)
    }
    this.#head = head
    const number = Math.max(this.#l1Accepted.number, head.number - this.#options.l1Below)
    this.#l1Accepted = ancestorAt(head, number) ?? this.#l1Accepted
    this.#l1AcceptedAt.set(head.hash, this.#l1Accepted.number)
    return head
  }
}
