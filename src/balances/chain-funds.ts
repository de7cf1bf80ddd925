import { type Balance, type BalanceKey, isNodeFailure, isReadable, type Observation } from '../core/balance.ts'
import { sameBlock } from '../core/block.ts'
import type { ChainClock } from '../store/seam/chain-clock.ts'
import type { PairSince, ReadSince } from '../store/seam/pairs.ts'
import type { ChainReads } from '../store/seam/store.ts'
import { Answers } from './answers.ts'
import type { ChainBalancesDeps } from './chain-balances.ts'
import { type Fact, factsKnownAt, provenAmount, testOf } from './freshness.ts'
import { ListRules } from './list-rules.ts'
import { createLookUp, type LookUp } from './look.ts'
import { isObservation, type NodeReader, type ReadResult } from './node-reader.ts'

/**
 * What a position has. `settled`: the least of its finalized amount and all amounts after later events, so no event that is not
 * final yet can take it back; undefined if it is unknown. `changedAt`: when the newest amount was reached, in Unix seconds.
 * `isProven`: the journal proves the balance.
 */
export type Funds = {
  readonly balance: Balance
  readonly settled: bigint | undefined
  readonly changedAt: number | undefined
  readonly isProven: boolean
}

/** Funds in the order of the keys. `isWhole`: no asset of these accounts can be missing from the journal. */
export type FundsAnswer = { readonly rows: readonly Funds[]; readonly clock: ChainClock; readonly isWhole: boolean }

/**
 * Where balances are read: at the newest block, unless a read of it is stored; at the newest block of a node in any case; or at the
 * finalized block.
 */
export type ReadPlace = 'newest' | 'anew' | 'finalized'

/** `hasAnswered`: false if no node answered for any balance. `read`: the balances that were read. */
export type ReadOutcome = { readonly hasAnswered: boolean; readonly read: readonly BalanceKey[] }

/** The funds of accounts on one chain, from what is stored. Reads of the chain are made apart, by `read`. */
export class ChainFunds {
  readonly #reads: ChainReads
  readonly #node: NodeReader
  readonly #now: () => number
  readonly #lookUp: LookUp
  readonly #answers: Answers
  readonly #rules: ListRules
  readonly #isOwn: boolean

  constructor({ reads, node, now, issues }: Pick<ChainBalancesDeps, 'reads' | 'node' | 'now' | 'issues'>) {
    this.#reads = reads
    this.#node = node
    this.#now = now
    this.#isOwn = issues !== undefined
    this.#lookUp = createLookUp(reads, issues)
    this.#answers = new Answers({ reads, lookUp: this.#lookUp, node, now, isOwn: this.#isOwn })
    this.#rules = new ListRules({ servePartial: true, isOwn: this.#isOwn })
  }

  /** Asks no node. */
  async of(keys: readonly BalanceKey[]): Promise<FundsAnswer> {
    const { clock, facts } = await this.#lookUp(keys)
    const balances = (await this.#answers.stored(facts, clock)).map((balance) => this.#atPublished(balance, clock))
    const finalized = clock.finalized?.number ?? -1
    const events = await this.#reads.pairs.since(keys, finalized)
    const isRead = (index: number): boolean => !isProvenSince(facts[index], events[index], clock)
    const asked = [...keys.keys()].filter(isRead)
    const trail = await this.#reads.trail.since(
      asked.flatMap((index) => keys[index] ?? []),
      finalized,
    )
    const readSince = new Map(asked.map((index, at) => [index, trail[at]]))
    const funds = keys.map((_, index) => {
      const isProven = isProvenFact(facts[index], clock)
      const parts = {
        balance: balances[index],
        events: isProven ? events[index] : undefined,
        read: readSince.get(index),
      }
      return { ...fundsOf(parts), isProven }
    })
    return { rows: funds, clock, isWhole: this.#isWhole(keys, clock) }
  }

  /** What was read of the published block is true as long as that is the newest block. */
  #atPublished(balance: Balance, clock: ChainClock): Balance {
    const published = this.#answers.published(clock)
    if (!balance.known || published === undefined || !sameBlock(balance.block, published.block)) return balance
    return { ...balance, knownAt: Math.max(balance.knownAt, published.knownAt) }
  }

  /**
   * Reads balances of the chain and stores them. What could not be read keeps what was stored before. Never throws because of a
   * node.
   */
  async read(keys: readonly BalanceKey[], place: ReadPlace): Promise<ReadOutcome> {
    const clock = await this.#reads.clock()
    const { finalized } = clock
    const readable = keys.filter(isReadable)
    if (this.#isOwn || readable.length === 0) return { hasAnswered: true, read: [] }
    const results = await this.#readAt(place, readable, clock)
    const read = results.filter(isObservation)
    if (finalized !== undefined && (await this.#isOurs(read))) await this.#reads.trail.add(read, finalized)
    return {
      hasAnswered: results.some((result) => isObservation(result) || !isNodeFailure(result.reason)),
      read: readable.filter((_, index) => isRead(results[index])),
    }
  }

  async #readAt(place: ReadPlace, keys: readonly BalanceKey[], clock: ChainClock): Promise<readonly ReadResult[]> {
    const { published, head, finalized } = clock
    if (place === 'finalized') return finalized === undefined ? [] : this.#node.readAt(keys, finalized)
    if (place === 'anew') return this.#node.readNow(keys)
    // At the published block if it is the newest one, so that all rows of a list are of one block.
    if (published === undefined || head === undefined || !sameBlock(published, head)) return this.#node.readNow(keys)
    const knownAt = factsKnownAt(clock, this.#now(), this.#node.replacedAt(published))
    return this.#node.readOf(keys, { block: published, knownAt })
  }

  /** False if a block of the reads was replaced meanwhile: a rollback has deleted earlier reads of it already. */
  async #isOurs(read: readonly Observation[]): Promise<boolean> {
    const [first] = read
    if (first === undefined) return false
    const [status] = await this.#reads.locate([first.block])
    return status?.branch !== 'other'
  }

  #isWhole(keys: readonly BalanceKey[], clock: ChainClock): boolean {
    const test = testOf(clock)
    const isKept =
      this.#isOwn || keys.every(({ account }) => account === clock.zeroAddress || test?.keeps(account) === true)
    return isKept && this.#rules.isWhole(clock) && !clock.inDoubt
  }
}

function isRead(result: ReadResult | undefined): boolean {
  return result !== undefined && isObservation(result)
}

function isProvenFact(fact: Fact | undefined, clock: ChainClock): boolean {
  return fact !== undefined && provenAmount(fact, clock) !== undefined
}

/** True if the journal alone proves the amounts since the finalized block. */
function isProvenSince(fact: Fact | undefined, events: PairSince | undefined, clock: ChainClock): boolean {
  return isProvenFact(fact, clock) && events?.atBlock !== undefined
}

/** `events` undefined: the journal does not prove the balance. `read`: what reads say, if the journal does not prove all. */
function fundsOf({
  balance,
  events,
  read,
}: {
  readonly balance: Balance | undefined
  readonly events: PairSince | undefined
  readonly read: ReadSince | undefined
}): Omit<Funds, 'isProven'> {
  if (balance === undefined || !balance.known) {
    return {
      balance: balance ?? { known: false, reason: 'node_unavailable' },
      settled: undefined,
      changedAt: undefined,
    }
  }
  const changedAt = events?.changedAt ?? read?.changedAt
  const base = events?.atBlock ?? read?.least
  if (base === undefined) return { balance, settled: undefined, changedAt }
  const least = [base, events?.least, balance.amount].reduce<bigint>(
    (min, amount) => (amount !== undefined && amount < min ? amount : min),
    base,
  )
  // Within a block, contracts log in any order, so a sum may be below 0 until its end.
  return { balance, settled: least < 0n ? 0n : least, changedAt }
}
