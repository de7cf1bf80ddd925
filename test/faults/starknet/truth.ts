import { assert } from '../../../src/core/assert.ts'
import { Branch } from '../../../src/demo/starknet/branch.ts'
import type { StarknetChain } from '../../../src/demo/starknet/chain.ts'
import { type Felt, parseFelt, selectorOf, u256From, ZERO } from '../../../src/demo/starknet/felt.ts'
import { held, Panic } from '../../../src/demo/starknet/program.ts'
import { ancestorAt, type StarknetBlock, transfersOf } from '../../../src/demo/starknet/state.ts'
import type { TrueBlock, TrueTransfer, Truth } from '../truth.ts'

/**
 * How long the server has to find that a token's events no longer report its balances, in milliseconds: the audit's
 * time.
 */
const UNTOLD_MS = 120_000
/** The same for tokens that come with many blocks at once: the audit begins when the server has indexed them all. */
const UNTOLD_AFTER_REORG_MS = 180_000
/** A reorg of more blocks than this takes a while to index while nodes fail. */
const MANY_BLOCKS = 100
/** How many blocks behind a server may be if it lags and was killed. */
const LATELY_BLOCKS = 100
/** The names of the function that answers a balance, in the order in which a reader tries them. */
const BALANCE_OF = ['balance_of', 'balanceOf'].map(selectorOf)

/** An address as the server writes it: 64 digits. */
export function canonical(felt: Felt): string {
  return `0x${felt.slice(2).padStart(64, '0')}`
}

/** The true state of a simulated Starknet chain. Addresses are canonical; block hashes are minimal. */
export class StarknetTruth implements Truth {
  readonly #chain: StarknetChain
  readonly #byNumber: StarknetBlock[][] = []
  /** When a token first became odd, by canonical address, in milliseconds. */
  readonly #oddSince = new Map<string, number>()
  readonly #fungible = new Set<string>()
  readonly #names = new Map<string, string>()

  /** The branch that was asked about last. */
  readonly #branch: Branch

  constructor(chain: StarknetChain) {
    this.#chain = chain
    this.#branch = new Branch(chain.head)
    this.noteHead()
  }

  /** Records the blocks of a new head. Each change of the chain must be followed by this. */
  noteHead(): void {
    let at: StarknetBlock | undefined = this.#chain.head
    let blocks = 0
    while (at !== undefined && this.#byNumber[at.number]?.includes(at) !== true) {
      this.#byNumber[at.number] = [...(this.#byNumber[at.number] ?? []), at]
      for (const [address, { program }] of at.state.contracts) {
        const token = canonical(address)
        if (program.standard === 'erc20') this.#fungible.add(token)
        if (!this.#names.has(token)) this.#names.set(token, `${program.title} ${address.slice(0, 8)}`)
      }
      at = at.parent
      blocks++
    }
    const since = Date.now() + (blocks > MANY_BLOCKS ? UNTOLD_AFTER_REORG_MS - UNTOLD_MS : 0)
    for (const felt of this.#chain.odd) {
      if (!this.#oddSince.has(canonical(felt))) this.#oddSince.set(canonical(felt), since)
    }
  }

  /** Fungible tokens on the canonical branch with balances that their events do not report. */
  odd(): readonly string[] {
    const { contracts } = this.#chain.head.state
    return [...this.#chain.odd].flatMap((felt) =>
      contracts.get(felt)?.program.standard === 'erc20' ? [canonical(felt)] : [],
    )
  }

  /** From now on the server must know all tokens that became odd so far. */
  expectKnown(): void {
    for (const token of this.#oddSince.keys()) this.#oddSince.set(token, 0)
  }

  block(hash: string): TrueBlock | undefined {
    return this.#chain.find(hash)
  }

  ancestor(of: TrueBlock, number: number): TrueBlock | undefined {
    this.#branch.follow(this.#at(of))
    return this.#branch.at(number)
  }

  isFinal({ number, hash }: TrueBlock): boolean {
    const { l1Accepted } = this.#chain
    return number <= l1Accepted.number && ancestorAt(l1Accepted, number)?.hash === hash
  }

  blocksFrom(number: number): readonly TrueBlock[] {
    return this.#byNumber.slice(number).flat()
  }

  balance(at: TrueBlock, account: string, token: string): bigint | undefined {
    const contract = this.#at(at).state.contracts.get(minimal(token))
    const entry = BALANCE_OF.map((selector) => contract?.program.entries.get(selector)).find((one) => one !== undefined)
    if (contract === undefined || entry === undefined) return undefined
    try {
      const [low, high] = entry(contract.storage, [minimal(account)])
      return u256From(low, high)
    } catch (error) {
      // No read shows what its events report truly.
      if (error instanceof Panic && contract.program.standard === 'erc20')
        return held(contract.storage, minimal(account))
      if (error instanceof Panic) return undefined
      throw error
    }
  }

  /** Starknet has no native asset: STRK and ETH are contracts. */
  native(): bigint {
    return 0n
  }

  met(at: TrueBlock, account: string): readonly string[] {
    const tokens = new Set<string>()
    for (let block: StarknetBlock | undefined = this.#at(at); block !== undefined; block = block.parent) {
      for (const token of toldIn(block).met.get(account) ?? []) tokens.add(token)
    }
    return [...tokens]
  }

  holders(at: TrueBlock, token: string): ReadonlyMap<string, bigint> {
    const { accounts, sequencer } = this.#chain.cast
    const rows = [...accounts, sequencer]
      .map(canonical)
      .map((account) => [account, this.balance(at, account, token) ?? 0n] as const)
    return new Map(rows.filter(([, amount]) => amount > 0n))
  }

  transfers(at: TrueBlock, token: string): readonly TrueTransfer[] {
    const found: TrueTransfer[] = []
    for (let block: StarknetBlock | undefined = this.#at(at); block !== undefined; block = block.parent) {
      found.push(...(toldIn(block).transfers.get(token) ?? []))
    }
    return found
  }

  isToken(token: string): boolean {
    return this.#fungible.has(token)
  }

  isMissing(token: string): boolean {
    const lately = this.#byNumber.slice(Math.max(0, this.#chain.head.number - LATELY_BLOCKS)).flat()
    return lately.some(({ state }) => !state.contracts.has(minimal(token)))
  }

  nameOf(token: string): string {
    return this.#names.get(token) ?? token
  }

  isNotYetTold(token: string): boolean {
    return Date.now() - (this.#oddSince.get(token) ?? 0) < UNTOLD_MS
  }

  #at({ hash }: TrueBlock): StarknetBlock {
    const block = this.#chain.find(hash)
    assert(block !== undefined, 'all questions are about blocks of this chain')
    return block
  }
}

/** What the events of a block report. `met`: the fungible tokens that each account received. */
type ToldIn = {
  /** Transfers by token, newest first. */
  readonly transfers: ReadonlyMap<string, readonly TrueTransfer[]>
  readonly met: ReadonlyMap<string, ReadonlySet<string>>
}

/** Kept, since each question walks over the whole branch. */
const told = new WeakMap<StarknetBlock, ToldIn>()

function toldIn(block: StarknetBlock): ToldIn {
  const known = told.get(block)
  if (known !== undefined) return known
  const transfers = new Map<string, TrueTransfer[]>()
  const met = new Map<string, Set<string>>()
  for (const { standard, transaction, position, amount, ...felts } of [...transfersOf(block)].reverse()) {
    const [token, from, to] = [felts.token, felts.from, felts.to].map(canonical)
    assert(token !== undefined && from !== undefined && to !== undefined, 'three felts are three addresses')
    const one = { block: block.number, transaction, logIndex: position, token, from, to, amount }
    transfers.set(token, [...(transfers.get(token) ?? []), one])
    if (standard === 'erc20' && felts.to !== ZERO) met.set(to, (met.get(to) ?? new Set()).add(token))
  }
  const made = { transfers, met }
  told.set(block, made)
  return made
}

function minimal(address: string): Felt {
  const felt = parseFelt(address)
  assert(felt !== undefined, 'an address is a felt')
  return felt
}
