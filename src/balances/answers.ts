import { type Balance, isNodeFailure, type Known, type Observation } from '../core/balance.ts'
import type { BlockRef } from '../core/block.ts'
import { andThen, type Soon } from '../core/soon.ts'
import type { ChainClock, HeldBlock } from '../store/seam/chain-clock.ts'
import type { ChainReads } from '../store/seam/store.ts'
import type { AsOf } from './as-of.ts'
import type { Freshness } from './balances.ts'
import {
  ageOf,
  childlessUntil,
  type Fact,
  factsKnownAt,
  finalityOf,
  observed,
  provenAmount,
  unknown,
} from './freshness.ts'
import type { Look, LookUp } from './look.ts'
import { isObservation, type NodeReader } from './node-reader.ts'
import { failureOf, higher, isDoubtful, isGone, mustRead, notBackwards, reasonOf } from './pick-answer.ts'
import { usableReads } from './usable-reads.ts'

/** Most snapshots of the store for one answer: blocks may be replaced during a node's read, but rarely twice. */
const MAX_LOOKS = 3

/** Balances, in the order of their keys, and the clock that they were read with. */
export type Answered<L> = { readonly seen: L; readonly balances: readonly Balance[] }

/** What answers are made of. */
export type AnswerDeps = {
  readonly reads: ChainReads
  readonly lookUp: LookUp
  readonly node: NodeReader
  /** Unix seconds. */
  readonly now: () => number
  /** The chain is written only here: there is never anything newer to read. */
  readonly isOwn: boolean
}

type Work = {
  readonly facts: readonly Fact[]
  readonly answers: readonly (Balance | undefined)[]
  readonly clock: ChainClock
  readonly freshness: Freshness
  /** Use only what is stored: a node was asked already, and failed. */
  readonly storedOnly?: boolean
}

/** Creates balances from what the journal proves, from earlier reads, and from new reads of a node. */
export class Answers {
  readonly #deps: AnswerDeps

  constructor(deps: AnswerDeps) {
    this.#deps = deps
  }

  /**
   * All balances at the published block: from events as of it, the others read at it by its hash. Only what no node can
   * read at that block is of another one.
   */
  atPublished<L extends Look>(look: () => Soon<L>): Soon<Answered<L>> {
    return andThen(look(), (seen) => {
      const balances = this.#ofEvents(seen)
      return isComplete(balances) ? { seen, balances } : this.#withReads(seen, look)
    })
  }

  /** As `atPublished`, where the journal does not prove all balances of the first look. */
  async #withReads<L extends Look>(first: L, look: () => Soon<L>): Promise<Answered<L>> {
    for (let looks = 1, seen = first; ; looks++, seen = await look()) {
      const balances = this.#ofEvents(seen)
      if (isComplete(balances)) return { seen, balances }
      const answered = await this.#readMissing(seen, balances)
      if (answered !== undefined) return { seen, balances: answered }
      if (looks >= MAX_LOOKS) return { seen, balances: await this.newest(seen.facts, seen.clock, { mode: 'stored' }) }
    }
  }

  /** Balances as fresh as requested: from the journal at its block, or read at the node's newest block. */
  newest(facts: readonly Fact[], clock: ChainClock, freshness: Freshness): Soon<readonly Balance[]> {
    const answers = this.#ofEvents({ facts, clock })
    const work: Work = { facts, answers, clock, freshness }
    if (!isComplete(answers)) return this.#filled(work)
    return andThen(this.#isEnough(answers, clock, freshness), (isEnough) => (isEnough ? answers : this.#filled(work)))
  }

  async #filled(work: Work): Promise<readonly Balance[]> {
    return (await this.#fill(work)) ?? this.#again(work.facts, work.freshness)
  }

  /** True if amounts that the journal proves are the answer: neither an earlier read nor a new one can be wanted. */
  #isEnough(proven: readonly Balance[], clock: ChainClock, freshness: Freshness): Soon<boolean> {
    if (this.#deps.isOwn) return true
    // The journal of a chain that never caught up ends far below the head, so its nodes have newer amounts.
    if (!clock.wasReady) return false
    if (freshness.mode === 'stored') return true
    const [first] = proven
    if (freshness.mode === 'force' || first?.known !== true) return false
    // All of them are of one block.
    if (ageOf(first, this.#deps.now()) > freshness.seconds) return false
    const { number } = first.block
    return andThen(this.#deps.reads.observations.newestBlock(), (newest) => (newest ?? 0) <= number)
  }

  /** Balances from what is stored, without asking a node: from the journal at its block, or the newest read. */
  async stored(facts: readonly Fact[], clock: ChainClock): Promise<readonly Balance[]> {
    const answers = this.#ofEvents({ facts, clock })
    const work: Work = { facts, answers, clock, freshness: { mode: 'stored' }, storedOnly: true }
    return (await this.#fill(work)) ?? withoutReads(answers)
  }

  /** An amount of the journal at the published block, or at another block that we store. */
  known(amount: bigint, clock: ChainClock, at: HeldBlock | undefined = clock.published): Known {
    // The clock's own object, not a copy, so that a caller can describe the block once for many answers.
    const block: BlockRef = at ?? { number: 0, hash: '' }
    const knownAt = at === clock.published ? this.#factsKnownAt(clock) : (at?.timestamp ?? 0)
    return { known: true, amount, block, finality: finalityOf(block, clock), source: 'events', knownAt }
  }

  #factsKnownAt(clock: ChainClock): number {
    const { node, now } = this.#deps
    const replacedAt = clock.published === undefined ? undefined : node.replacedAt(clock.published)
    return factsKnownAt(clock, now(), replacedAt)
  }

  /** The `AsOf` of an answer with all rows at the published block; undefined if nothing is published. */
  published(clock: ChainClock): AsOf | undefined {
    if (clock.published === undefined) return undefined
    const { block, finality, source, knownAt } = this.known(0n, clock)
    return { block, finality, source, knownAt, uniform: true, complete: true }
  }

  #ofEvents({ facts, clock }: Pick<Look, 'facts' | 'clock'>): readonly (Balance | undefined)[] {
    const { block, finality, source, knownAt } = this.known(0n, clock)
    return facts.map((fact): Known | undefined => {
      const amount = provenAmount(fact, clock)
      return amount === undefined ? undefined : { known: true, amount, block, finality, source, knownAt }
    })
  }

  /** Reads the missing balances at the published block; undefined if that block was replaced meanwhile. */
  async #readMissing(
    { facts, clock }: Look,
    answers: readonly (Balance | undefined)[],
  ): Promise<readonly Balance[] | undefined> {
    const { published } = clock
    if (published === undefined) return this.#fill({ facts, answers, clock, freshness: { mode: 'stored' } })
    const missing = [...answers.keys()].filter((index) => answers[index] === undefined)
    const proven = this.known(0n, clock)
    const pinned = { block: published, knownAt: proven.knownAt }
    const results = await this.#deps.node.readOf(
      missing.flatMap((index) => facts[index]?.key ?? []),
      pinned,
    )
    if (!(await this.#holds(published, await this.#deps.reads.clock()))) return undefined
    const filled = [...answers]
    const open: number[] = []
    let storedOnly = true
    for (const [at, index] of missing.entries()) {
      const result = results[at] ?? unknown('node_unavailable')
      if (isObservation(result)) filled[index] = { ...proven, source: 'reads', amount: result.amount }
      else if (!isNodeFailure(result.reason)) filled[index] = unknown(result.reason)
      else {
        open.push(index)
        storedOnly &&= result.reason !== 'no_archive'
      }
    }
    return open.length === 0 ? withoutReads(filled) : this.#fillOpen({ facts, clock, filled, open, storedOnly })
  }

  /** What no node could read at the published block is of another one: read at the newest, or read earlier. */
  async #fillOpen(work: {
    readonly facts: readonly Fact[]
    readonly clock: ChainClock
    readonly filled: readonly (Balance | undefined)[]
    readonly open: readonly number[]
    readonly storedOnly: boolean
  }): Promise<readonly Balance[] | undefined> {
    const { clock, filled, open, storedOnly } = work
    const facts = open.flatMap((index) => work.facts[index] ?? [])
    const answers = open.map(() => undefined)
    const others = await this.#fill({ facts, answers, clock, freshness: { mode: 'stored' }, storedOnly })
    if (others === undefined) return undefined
    const all = [...filled]
    for (const [at, index] of open.entries()) all[index] = others[at]
    return withoutReads(all)
  }

  async #again(facts: readonly Fact[], freshness: Freshness): Promise<readonly Balance[]> {
    const { clock, facts: anew } = await this.#deps.lookUp(facts.map(({ key }) => key))
    return this.newest(anew, clock, freshness)
  }

  /**
   * Fills in the missing balances, as fresh as requested; undefined if the blocks of the facts were replaced meanwhile.
   */
  async #fill(work: Work): Promise<readonly Balance[] | undefined> {
    const { facts, clock, freshness } = work
    const { reads, node, now } = this.#deps
    const keys = facts.map(({ key }) => key)
    const observations = await usableReads(reads.observations, keys, work.answers)
    const stored = await this.#placed(observations, clock)
    const question = { clock, freshness, now: now() }
    const filled = facts.map((_, index) => {
      const observation = observations[index]
      const believed = observation === undefined || isDoubtful(observation, clock) ? undefined : stored[index]
      return higher(work.answers[index], believed)
    })
    if (work.storedOnly === true) return withoutReads(filled.map((answer, index) => answer ?? stored[index]))
    const isBehind = !clock.wasReady && !this.#deps.isOwn
    const wanted = [...filled.keys()].filter((index) => {
      const answer = filled[index]
      return mustRead(answer, question) || (isBehind && answer?.known === true && answer.source === 'events')
    })
    if (wanted.length === 0) return withoutReads(filled)
    const results = await node.readNow(wanted.flatMap((index) => keys[index] ?? []))
    const then = await reads.clock()
    // The facts were rolled back while the node was asked: start over with the current ones.
    if (!(await this.#holds(clock.published, then))) return undefined
    const fresh = await this.#placed(
      results.map((result) => (isObservation(result) ? result : undefined)),
      then,
    )
    const isStrict = freshness.mode === 'force' && freshness.strict === true
    for (const [at, index] of wanted.entries()) {
      const failed = failureOf(results[at])
      // If nothing else is known, use even a read that may be of a lost branch: it has its own block and age.
      const before = filled[index] ?? stored[index]
      // The sum of a contract's items has no call, so a read of it cannot fail.
      const isRefused = isStrict && fresh[at] === undefined && failed?.reason !== 'not_supported'
      if (isGone(before, failed, clock)) filled[index] = unknown('not_a_token')
      else if (isRefused) filled[index] = unknown(reasonOf(failed, clock))
      else filled[index] = notBackwards(filled[index], fresh[at]) ?? before ?? unknown(reasonOf(failed, clock))
    }
    return withoutReads(filled)
  }

  /** Converts reads to answers, without those of blocks that are known to be replaced. */
  async #placed(
    observations: readonly (Observation | undefined)[],
    clock: ChainClock,
  ): Promise<readonly (Known | undefined)[]> {
    const { published } = clock
    const isBelow = (read: Observation): boolean => published !== undefined && read.block.number < published.number
    // Most reads are of the published block itself: only those below it must be looked up.
    const below = observations.flatMap((read) => (read !== undefined && isBelow(read) ? [read] : []))
    const located = below.length === 0 ? [] : await this.#deps.reads.locate(below.map((read) => read.block))
    const places = new Map(below.map((read, index) => [read, located[index]]))
    return observations.map((read) => {
      if (read === undefined) return undefined
      const { number, hash } = read.block
      const at = places.get(read)
      if (at !== undefined) {
        if (at.branch === 'other') return undefined
        // We no longer store a hash for this number, so the block may be of any branch.
        const finality = at.branch === 'ours' ? finalityOf(read.block, clock) : 'latest'
        return observed(read, { finality, until: this.#replacedAt(at.childAt, read.block, clock) })
      }
      if (number === published?.number && hash !== published.hash) return undefined
      const until = this.#replacedAt(childlessUntil(number, clock), read.block, clock)
      return observed(read, { finality: finalityOf(read.block, clock), until })
    })
  }

  /**
   * The earliest time at which a block is known not to be the newest: from the journal, from the nodes of this process, or
   * from the nodes of the indexer. Infinity if it may be.
   */
  #replacedAt(inJournal: number | undefined, block: BlockRef, { head, counts }: ChainClock): number {
    const toIndexer = head !== undefined && block.number <= head.number ? counts.higher_named_at : undefined
    const times = [inJournal, this.#deps.node.replacedAt(block), toIndexer]
    return Math.min(...times.map((time) => time ?? Number.POSITIVE_INFINITY))
  }

  /** True if a block that was published is still one of ours. */
  async #holds(block: BlockRef | undefined, { published }: ChainClock): Promise<boolean> {
    if (block === undefined) return true
    if (published === undefined || published.number < block.number) return false
    const [at] = await this.#deps.reads.locate([block])
    return at?.branch !== 'other'
  }
}

function isComplete(answers: readonly (Balance | undefined)[]): answers is readonly Balance[] {
  return !answers.includes(undefined)
}

function withoutReads(answers: readonly (Balance | undefined)[]): readonly Balance[] {
  return answers.map((answer) => answer ?? unknown('node_unavailable'))
}
