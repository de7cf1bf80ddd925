import { codecOf } from '../../src/cli/account-codec.ts'
import { assert } from '../../src/core/assert.ts'
import { parseChainId } from '../../src/core/chain.ts'
import { type Generator, MINT, MINT_AMOUNT } from '../chain/generator.ts'
import type { Names } from '../expected.ts'
import { type Delta, ExpectedPairs } from './pairs.ts'

/** Accounts are divided into so many ranges of their keys, of which a pass takes as many as fit. */
const RANGES = 2 ** 16
/** Most pairs of a pass, and most of its accounts: a pass takes some 400 MB. */
const PASS_PAIRS = 2_000_000
const PASS_ACCOUNTS = 500_000

/** A generated chain, and how its accounts are stored. */
export type GeneratedChain = {
  readonly chain: string
  readonly generator: Generator
  readonly names: Names
  /** Most pairs that are added up at a time. */
  readonly passPairs?: number
}

/** The accounts whose keys are in a range. `below` undefined: to the end. */
export type Pass = {
  /** The first two bytes of the keys. */
  readonly from: number
  readonly below: number | undefined
  readonly pairs: ExpectedPairs
  /** The number of each account of the pass, by its key in hex. */
  readonly accounts: ReadonlyMap<string, number>
}

/** What the transfers of a generated chain add up to, without its pairs. */
export class ChainSums {
  /** One more than the shape says: Starknet's sequencer and STRK come after the others. */
  readonly tokens: number
  readonly transfersOf: Uint32Array
  readonly mintsOf: Uint32Array
  readonly firstBlockOf: Float64Array
  /** Transfers of each account. */
  readonly changesOf: Uint32Array
  readonly #given: GeneratedChain
  readonly #range: Uint16Array
  readonly #encode: (address: string) => string

  constructor(given: GeneratedChain) {
    const { generator, names, chain } = given
    const { tokens, accounts, transfers } = generator.shape
    this.#given = given
    this.tokens = tokens + 1
    this.transfersOf = new Uint32Array(tokens + 1)
    this.mintsOf = new Uint32Array(tokens + 1)
    this.firstBlockOf = new Float64Array(tokens + 1)
    this.changesOf = new Uint32Array(accounts + 1)
    this.#range = new Uint16Array(accounts + 1)
    this.#encode = encoderOf(chain)
    for (let index = 0; index < transfers; index++) {
      const { token, from, to } = generator.movement(index)
      if (this.transfersOf[token] === 0) this.firstBlockOf[token] = blockOf(generator, index)
      count(this.transfersOf, token)
      count(this.changesOf, to)
      if (from === MINT) count(this.mintsOf, token)
      else if (from !== to) count(this.changesOf, from)
    }
    for (let account = 0; account <= accounts; account++) {
      if (this.changesOf[account] === 0) continue
      this.#range[account] = Number.parseInt(this.#encode(names.accountAddress(account)).slice(0, 4), 16)
    }
  }

  /** The supply of a token, in base units. */
  supplyOf(token: number): bigint {
    return BigInt(this.mintsOf[token] ?? 0) * MINT_AMOUNT
  }

  /** Adds up all pairs, in passes by ranges of keys in ascending order. Each pass goes through all transfers. */
  *passes(): Iterable<Pass> {
    const bounds = this.#bounds()
    for (const [at, from] of bounds.entries()) yield this.#pass(from, bounds[at + 1])
  }

  #pass(from: number, below: number | undefined): Pass {
    const { generator, names } = this.#given
    const isIn = (account: number): boolean => {
      const range = this.#range[account] ?? 0
      return range >= from && (below === undefined || range < below)
    }
    const pairs = new ExpectedPairs(this.tokens)
    for (let index = 0; index < generator.shape.transfers; index++) {
      const { token, from: sender, to, high, low } = generator.movement(index)
      const delta = (sign: Delta['sign']): Delta => ({ sign, high, low })
      if (sender === to && isIn(to)) {
        pairs.add(to, token, { index, delta: { sign: 0, high: 0, low: 0 }, received: true })
        continue
      }
      if (sender !== MINT && isIn(sender)) pairs.add(sender, token, { index, delta: delta(-1), received: false })
      if (isIn(to)) pairs.add(to, token, { index, delta: delta(sender === MINT ? 'mint' : 1), received: true })
    }
    const accounts = new Map<string, number>()
    for (const [account, changes] of this.changesOf.entries()) {
      if (changes > 0 && isIn(account)) accounts.set(this.#encode(names.accountAddress(account)), account)
    }
    return { from, below, pairs, accounts }
  }

  /** The first range of each pass. */
  #bounds(): readonly number[] {
    const most = this.#given.passPairs ?? PASS_PAIRS
    const [pairs, accounts] = [new Float64Array(RANGES), new Float64Array(RANGES)]
    for (const [account, changes] of this.changesOf.entries()) {
      const range = this.#range[account] ?? 0
      pairs[range] = (pairs[range] ?? 0) + Math.min(changes, this.tokens)
      accounts[range] = (accounts[range] ?? 0) + Math.sign(changes)
    }
    const bounds = [0]
    let taken = { pairs: 0, accounts: 0 }
    for (let range = 0; range < RANGES; range++) {
      const more = { pairs: pairs[range] ?? 0, accounts: accounts[range] ?? 0 }
      const isFull = taken.pairs + more.pairs > most || taken.accounts + more.accounts > PASS_ACCOUNTS
      if (isFull && taken.pairs > 0) {
        bounds.push(range)
        taken = { pairs: 0, accounts: 0 }
      }
      taken = { pairs: taken.pairs + more.pairs, accounts: taken.accounts + more.accounts }
    }
    return bounds
  }
}

/** The block of a transfer, by its number. */
export function blockOf(generator: Generator, index: number): number {
  return Math.floor(index / generator.shape.perBlock) + 1
}

/** How the accounts of a chain are stored: their keys in hex. */
export function encoderOf(chain: string): (address: string) => string {
  const id = parseChainId(chain)
  const codec = id === undefined ? undefined : codecOf(id)
  assert(codec !== undefined, 'the generated chain is of a known kind')
  return (address) => codec.encode(address).toString('hex')
}

function count(counts: Uint32Array, at: number): void {
  counts[at] = (counts[at] ?? 0) + 1
}
