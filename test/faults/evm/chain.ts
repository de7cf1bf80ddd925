import { assert } from '../../../src/core/assert.ts'
import type { Draw } from '../../../src/demo/draw.ts'
import type { TrueBlock, TrueTransfer, Truth } from '../truth.ts'
import { BlockMaker, type Cast } from './block-maker.ts'
import { ancestorAt, type EvmBlock } from './state.ts'

/**
 * How long the server has to find that a token's events no longer report its balances, in milliseconds: the audit's
 * time on a busy machine.
 */
const UNTOLD_MS = 120_000

/** How many blocks behind a server may be if it lags and was killed. */
const LATELY_BLOCKS = 100

/** A simulated EVM chain with all its branches. */
export class EvmChain implements Truth {
  readonly cast: Cast
  readonly #maker: BlockMaker
  readonly #byHash = new Map<string, EvmBlock>()
  readonly #byNumber: EvmBlock[][] = []
  readonly #byTransaction = new Map<string, EvmBlock>()
  /** When a token first became odd or its code changed, by token, in milliseconds. */
  readonly #oddSince = new Map<string, number>()
  /** When a log of a contract was last left out within a block, in milliseconds. */
  readonly #omittedAt = new Map<string, number>()
  readonly #names = new Map<string, string>()
  readonly #fungible = new Set<string>()
  #head: EvmBlock
  #finalized: EvmBlock
  /** The number of the finalized block when a block became the head, by the head's hash. */
  readonly #finalizedAt = new Map<string, number>()
  readonly #finalBelow: number

  /** `finalBelow` is how far the finalized block is below the highest one. */
  constructor(cast: Cast, { draw, finalBelow, startTime }: { draw: Draw; finalBelow: number; startTime: number }) {
    this.cast = cast
    this.#maker = new BlockMaker(cast, draw)
    this.#finalBelow = finalBelow
    this.#head = this.#add(undefined, startTime)
    this.#finalized = this.#head
  }

  get head(): EvmBlock {
    return this.#head
  }

  get finalized(): EvmBlock {
    return this.#finalized
  }

  /** The block that was final when this one was the head. A node that is late on another branch knows no newer one. */
  finalizedAt(head: EvmBlock): EvmBlock {
    return ancestorAt(head, this.#finalizedAt.get(head.hash) ?? 0) ?? head
  }

  /** Adds a block to the canonical branch. `timestamp` in Unix seconds, not below the parent's. */
  grow(timestamp: number): EvmBlock {
    this.#head = this.#add(this.#head, timestamp)
    this.#finalize()
    return this.#head
  }

  /** Replaces the newest `depth` blocks by `blocks` others, but never the finalized block. */
  reorganize(depth: number, blocks: number): EvmBlock {
    const from = ancestorAt(this.#head, Math.max(this.#head.number - depth, this.#finalized.number))
    assert(from !== undefined, 'a chain has its finalized block')
    let tip = from
    for (let nth = 0; nth < blocks; nth++) tip = this.#add(tip, this.#head.timestamp)
    this.#head = tip
    this.#finalize()
    return tip
  }

  /** Fungible tokens on the canonical branch with balances that their events do not report. */
  odd(): readonly string[] {
    const { contracts } = this.#head.state
    const { comesAndGoes } = this.cast
    return [...this.#oddSince.keys()].filter((token) => {
      return token !== comesAndGoes && contracts.get(token)?.program.standard === 'erc20'
    })
  }

  /** From now on the server must know all tokens that became odd so far. */
  expectKnown(): void {
    for (const token of this.#oddSince.keys()) this.#oddSince.set(token, 0)
  }

  /** A block by its hash. */
  find(hash: string): EvmBlock | undefined {
    return this.#byHash.get(hash)
  }

  /** The block of a transaction. */
  blockWith(transaction: string): EvmBlock | undefined {
    return this.#byTransaction.get(transaction)
  }

  block(hash: string): TrueBlock | undefined {
    return this.#byHash.get(hash)
  }

  ancestor(of: TrueBlock, number: number): TrueBlock | undefined {
    return ancestorAt(this.#at(of), number)
  }

  isFinal({ number, hash }: TrueBlock): boolean {
    return number <= this.#finalized.number && ancestorAt(this.#finalized, number)?.hash === hash
  }

  blocksFrom(number: number): readonly TrueBlock[] {
    return this.#byNumber.slice(number).flat()
  }

  balance(at: TrueBlock, account: string, token: string): bigint | undefined {
    const contract = this.#at(at).state.contracts.get(token)
    return contract?.program.balanceOf(contract.storage, account)
  }

  native(at: TrueBlock, account: string): bigint {
    return this.#at(at).state.native.get(account) ?? 0n
  }

  met(at: TrueBlock, account: string): readonly string[] {
    return [...(this.#at(at).state.met.get(account) ?? [])]
  }

  holders(at: TrueBlock, token: string): ReadonlyMap<string, bigint> {
    const rows = this.cast.accounts.map((account) => [account, this.balance(at, account, token) ?? 0n] as const)
    return new Map(rows.filter(([, amount]) => amount > 0n))
  }

  transfers(at: TrueBlock, token: string): readonly TrueTransfer[] {
    const found: TrueTransfer[] = []
    for (let block: EvmBlock | undefined = this.#at(at); block !== undefined; block = block.parent) {
      found.push(...block.transfers.filter((transfer) => transfer.token === token).reverse())
    }
    return found
  }

  isToken(token: string): boolean {
    return this.#fungible.has(token)
  }

  isMissing(token: string): boolean {
    const lately = this.#byNumber.slice(Math.max(0, this.#head.number - LATELY_BLOCKS)).flat()
    return lately.some(({ state }) => !state.contracts.has(token))
  }

  nameOf(token: string): string {
    return this.#names.get(token) ?? token
  }

  isNotYetTold(token: string): boolean {
    const since = Math.max(this.#oddSince.get(token) ?? 0, this.#omittedAt.get(token) ?? 0)
    return Date.now() - since < UNTOLD_MS
  }

  /**
   * Records that a node left a log of this contract out of a block, and that the block's other logs explain its bloom.
   * The answer does not show the omission, so the audit gets the same time as for a token that becomes odd.
   */
  noteOmitted(contract: string): void {
    this.#omittedAt.set(contract, Date.now())
  }

  #at({ hash }: TrueBlock): EvmBlock {
    const block = this.#byHash.get(hash)
    assert(block !== undefined, 'all questions are about blocks of this chain')
    return block
  }

  #add(parent: EvmBlock | undefined, timestamp: number): EvmBlock {
    const { block, odd } = this.#maker.after(parent, timestamp)
    this.#byHash.set(block.hash, block)
    const level = this.#byNumber[block.number] ?? []
    level.push(block)
    this.#byNumber[block.number] = level
    for (const transaction of block.transactions) this.#byTransaction.set(transaction, block)
    for (const [address, { program }] of block.state.contracts) {
      if (program.standard === 'erc20') this.#fungible.add(address)
      this.#names.set(address, `${program.name} ${address.slice(0, 8)}`)
    }
    for (const token of odd) this.#noteOdd(token, parent, block)
    return block
  }

  /** Only the first time that a token becomes odd counts, unless its code was created or destroyed in this block. */
  #noteOdd(token: string, parent: EvmBlock | undefined, block: EvmBlock): void {
    const before = parent?.state.contracts.get(token)?.created
    const after = block.state.contracts.get(token)?.created
    if (before !== after || !this.#oddSince.has(token)) this.#oddSince.set(token, Date.now())
  }

  #finalize(): void {
    const number = Math.max(this.#finalized.number, this.#head.number - this.#finalBelow)
    this.#finalized = ancestorAt(this.#head, number) ?? this.#finalized
    this.#finalizedAt.set(this.#head.hash, this.#finalized.number)
  }
}
