/**
 * A chain of made-up ERC-20 transfers that several nodes can see differently, with real blooms, receipts and balances.
 * Any block can be replaced. The same seed gives the same chain.
 */
import { createHash } from 'node:crypto'
import { type BitsOf, loadBitsOf } from '../../src/chains/evm/transfers/bloom.ts'
import { TRANSFER } from '../../src/chains/evm/transfers/decode-log.ts'
import { assert } from '../../src/core/assert.ts'
import { randomFrom } from '../../src/demo/plan.ts'

/** One log: a transfer of a token between two accounts. A mint has the sender ''. */
export type Movement = { readonly token: string; readonly from: string; readonly to: string; readonly amount: bigint }

export type FakeBlock = {
  readonly number: number
  readonly hash: string
  readonly parent: string
  readonly movements: readonly Movement[]
}

const ACCOUNTS = 300
const TOKENS = 12
/** A block has one to three transfers; one block in this many has none. */
const EMPTY_EVERY = 24
const MINT = 1_000_000n

const digest = (text: string, bytes: number): string =>
  `0x${createHash('sha256')
    .update(text)
    .digest('hex')
    .slice(0, bytes * 2)}`
const account = (index: number): string => digest(`account ${index}`, 20)
const token = (index: number): string => digest(`token ${index}`, 20)

/** Blocks of all branches. A branch forks from a block of another one. */
export class FakeChain {
  readonly #byHash = new Map<string, FakeBlock>()
  readonly #byTransaction = new Map<string, FakeBlock>()
  readonly #bitsOf: BitsOf
  readonly #bits = new Map<string, readonly number[]>()

  private constructor(bitsOf: BitsOf) {
    this.#bitsOf = bitsOf
  }

  static async create(): Promise<FakeChain> {
    return new FakeChain(await loadBitsOf())
  }

  /** Adds this many blocks to a branch, after its block `from`. A whole chain is an array, by number. */
  grow(
    base: readonly FakeBlock[],
    grown: { readonly from: number; readonly blocks: number; readonly branch: number },
  ): FakeBlock[] {
    const chain = base.slice(0, grown.from + 1)
    for (let number = chain.length; number <= grown.from + grown.blocks; number++) {
      const hash = digest(`block ${number} of ${grown.branch}`, 32)
      const parent = chain.at(-1)?.hash ?? `0x${'0'.repeat(64)}`
      const block = { number, hash, parent, movements: movementsOf(number, grown.branch) }
      this.#byHash.set(hash, block)
      this.#byTransaction.set(transactionOf(block), block)
      chain.push(block)
    }
    return chain
  }

  block(hash: string): FakeBlock | undefined {
    return this.#byHash.get(hash)
  }

  /** The block of a transaction, on any branch. */
  blockWith(transaction: string): FakeBlock | undefined {
    return this.#byTransaction.get(transaction)
  }

  /** The bloom as a node computes it (Yellow Paper, section 4.4.1). */
  bloom(block: FakeBlock): string {
    const bytes = Buffer.alloc(256)
    for (const { token, from, to } of block.movements) {
      for (const value of [token, TRANSFER, topic(from), topic(to)]) {
        for (const bit of this.#bitsFor(value))
          bytes[255 - (bit >> 3)] = (bytes[255 - (bit >> 3)] ?? 0) | (1 << (bit & 7))
      }
    }
    return `0x${bytes.toString('hex')}`
  }

  #bitsFor(value: string): readonly number[] {
    const known = this.#bits.get(value)
    if (known !== undefined) return known
    const bits = this.#bitsOf(value)
    this.#bits.set(value, bits)
    return bits
  }
}

/** An address as a topic; a mint comes from the zero address. */
export function topic(address: string): string {
  return `0x${address.slice(2).padStart(64, '0')}`
}

/** The hash of a block's one transaction. */
export function transactionOf(block: FakeBlock): string {
  return digest(`transaction of ${block.hash}`, 32)
}

function movementsOf(number: number, branch: number): Movement[] {
  const random = randomFrom(number * 31 + branch)
  const below = (n: number): number => Math.floor(random() * n)
  if (number === 0 || number % EMPTY_EVERY === 0) return []
  return Array.from({ length: 1 + below(3) }, () => {
    const to = account(below(ACCOUNTS))
    // No account overdraws: each payer spends what was minted to it in the same block.
    return { token: token(below(TOKENS)), from: '', to, amount: MINT + BigInt(below(1_000)) }
  }).flatMap((mint) => {
    const paid = { ...mint, from: mint.to, to: account(below(ACCOUNTS)), amount: BigInt(below(1_000_000)) }
    return below(2) === 0 ? [mint] : [mint, paid]
  })
}

/** Balances and supplies at any block of one whole chain. */
export class Ledger {
  readonly #changes = new Map<string, { readonly number: number; readonly delta: bigint }[]>()

  constructor(chain: readonly FakeBlock[]) {
    for (const { number, movements } of chain) {
      for (const { token, from, to, amount } of movements) {
        this.#note(`${token}/${to}`, number, amount)
        if (from === '') this.#note(token, number, amount)
        else this.#note(`${token}/${from}`, number, -amount)
      }
    }
  }

  #note(key: string, number: number, delta: bigint): void {
    const list = this.#changes.get(key)
    if (list === undefined) this.#changes.set(key, [{ number, delta }])
    else list.push({ number, delta })
  }

  /** The balance of an account in a token, or the token's supply if no account is given. */
  at(number: number, tokenAddress: string, holder?: string): bigint {
    const key = holder === undefined ? tokenAddress : `${tokenAddress}/${holder}`
    let sum = 0n
    for (const change of this.#changes.get(key) ?? []) if (change.number <= number) sum += change.delta
    assert(sum >= 0n, 'no account overdraws')
    return sum
  }
}
