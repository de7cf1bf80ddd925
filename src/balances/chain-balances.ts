import { NO_ITEM, type Standard } from '../core/asset.ts'
import type { Balance, BalanceKey, Known, Observation } from '../core/balance.ts'
import type { BlockRef } from '../core/block.ts'
import type { CoverageTest } from '../core/coverage.ts'
import { ServiceError } from '../core/errors.ts'
import type { ChainClock, ChainReads, HeldBlock, StoredBalance } from '../store/store.ts'
import type { Balances, Freshness } from './balances.ts'
import { higher, isDoubtful, mustRead, notBackwards } from './choice.ts'
import { isObservation, type NodeReader } from './node-reader.ts'
import { type Fact, factsKnownAt, finalityOf, leastFresh, observed, provenAmount, testOf, unknown } from './standing.ts'

/** An asset that nobody issued yet, on a chain whose issuing is all written here. */
const NEVER_ISSUED: Fact['asset'] = { accounting: 'events', silent: false, inDoubt: false }

/** A chain's balances: facts where they prove the amount, reads of the chain where they do not. */
export class ChainBalances {
  readonly #reads: ChainReads
  readonly #node: NodeReader
  readonly #now: () => number
  readonly #issues: Standard | undefined

  /**
   * `issues`: the standard of the assets that are issued on this chain, where it is written here and nowhere else. What
   * its journal never met nobody holds, and there is never anything newer to read.
   */
  constructor(parts: { reads: ChainReads; node: NodeReader; now: () => number; issues?: Standard | undefined }) {
    this.#reads = parts.reads
    this.#node = parts.node
    this.#now = parts.now
    this.#issues = parts.issues
  }

  /** Balances in the order of the keys, as fresh as asked. */
  async get(keys: readonly BalanceKey[], freshness: Freshness): Promise<readonly Balance[]> {
    const { clock, rows } = await this.#reads.balances(keys)
    const facts = await Promise.all(keys.map((key, index) => this.#fact(key, rows[index])))
    return this.#answer(facts, clock, freshness)
  }

  /** Balances at a block: facts inside coverage, else reads of a node that remembers it. */
  async getAsOf(keys: readonly BalanceKey[], asOf: number): Promise<readonly Balance[]> {
    const look = async (): Promise<Look> => {
      const { clock, rows, block } = await this.#reads.balances(keys, asOf)
      return { clock, block, facts: await Promise.all(keys.map((key, index) => this.#fact(key, rows[index]))) }
    }
    return (await this.#answerAsOf(look, asOf)).balances
  }

  /** A page of an account's assets, in the order in which it first met them. */
  async account(query: Omit<Parameters<Balances['account']>[0], 'chain'>): ReturnType<Balances['account']> {
    const { freshness, asOf, account, assets } = query
    const look = async (): Promise<Look & { readonly count: number }> => {
      const { clock, block, count, rows } = await this.#reads.account({ ...query, assets })
      if (assets === undefined) mustCover(clock, (test) => test.keeps(account), account)
      const facts = rows.map(
        (row): Fact => ({ key: { account, asset: row.asset.asset, item: NO_ITEM }, row, asset: row.asset }),
      )
      return { clock, block, count, facts }
    }
    const { seen, balances, block } =
      asOf === undefined ? await this.#answerNow(await look(), freshness) : await this.#answerAsOf(look, asOf)
    const rows = seen.facts.map(({ key }, index) => ({
      asset: key.asset,
      balance: balances[index] ?? unknown('node_unavailable'),
    }))
    return { rows, count: seen.count, asOf: block }
  }

  /** A page of an asset's holders; of one that is known by reads alone, as the chain says now. */
  async holders(query: Omit<Parameters<Balances['holders']>[0], 'chain'>): ReturnType<Balances['holders']> {
    const { rows, count, clock, inDoubt } = await this.#reads.holders(query)
    mustCover(clock, (test) => test.coversAll(query.asset))
    const asset = await this.#reads.asset(query.asset)
    const proven = !inDoubt && (asset === undefined || asset.accounting === 'events')
    if (proven) return { rows, count, asOf: this.#stored(0n, clock) }
    const keys = rows.map(({ account }) => ({ account, asset: query.asset, item: NO_ITEM }))
    const balances = await this.get(keys, { mode: 'stored' })
    const asOf = leastFresh(balances)
    if (asOf === undefined && rows.length > 0) {
      throw new ServiceError('UNAVAILABLE', 'the balances of this token are read, and cannot be read at the moment')
    }
    const held = rows.flatMap(({ account }, index) => {
      const balance = balances[index]
      return balance?.known === true && balance.amount > 0n ? [{ account, amount: balance.amount }] : []
    })
    held.sort((a, b) => (a.amount === b.amount ? 0 : a.amount > b.amount ? -1 : 1))
    return { rows: held, count, asOf: asOf ?? this.#stored(0n, clock) }
  }

  /** A page of an asset's transfers. */
  async transfers(query: Omit<Parameters<Balances['transfers']>[0], 'chain'>): ReturnType<Balances['transfers']> {
    const { account, fromBlock, toBlock, fromTimestamp, toTimestamp, ...rest } = query
    const wanted = { ...rest, account, fromBlock, toBlock, fromTimestamp, toTimestamp }
    const { rows, count, clock } = await this.#reads.transfers(wanted)
    const { asset } = query
    mustCover(clock, (test) => (account === undefined ? test.coversAll(asset) : test.covers(account, asset)), account)
    return { rows, count, asOf: this.#stored(0n, clock) }
  }

  async #answerNow<L extends Look>(seen: L, freshness: Freshness): Promise<Answered<L>> {
    return { seen, balances: await this.#answer(seen.facts, seen.clock, freshness), block: seen.clock.published }
  }

  async #answerAsOf<L extends Look>(look: () => Promise<L>, asOf: number): Promise<Answered<L>> {
    const { seen, block } = await this.#named(look, asOf)
    const { facts, clock } = seen
    const inside = isInside(asOf, clock)
    const proven = facts.map((fact) => (inside ? provenAmount(fact, clock) : undefined))
    const missing = facts.flatMap(({ key }, index) => (proven[index] === undefined ? [key] : []))
    const read = missing.length === 0 || block === undefined ? [] : await this.#node.readAt(missing, block)
    let place = 0
    const balances = proven.map((amount) => {
      if (amount !== undefined)
        return block === undefined ? unknown('node_unavailable') : this.#known(amount, clock, block)
      const result = read[place++] ?? unknown('node_unavailable')
      return isObservation(result) ? observed(result, clock) : result
    })
    return { seen, balances, block: inside ? block : undefined }
  }

  /**
   * What is stored as of a block, and the block's name: our own, of the very snapshot that the rows are of. Where we hold
   * none the node names it, and the rows are taken after that: a block that has no name here then is one that was final
   * before the node was asked, or that we have not reached.
   */
  async #named<L extends Look>(
    look: () => Promise<L>,
    asOf: number,
  ): Promise<{ seen: L; block: HeldBlock | undefined }> {
    const first = await look()
    const asks = first.facts.length > 0 || isInside(asOf, first.clock)
    if (first.block !== undefined || !asks) return { seen: first, block: first.block }
    const header = await this.#node.headerAt(asOf)
    const seen = await look()
    return { seen, block: seen.block ?? header }
  }

  /** An amount of the journal at the published block; only where something is published. */
  #stored(amount: bigint, clock: ChainClock): Balance {
    return clock.published === undefined ? unknown('outside_coverage') : this.#known(amount, clock)
  }

  #known(amount: bigint, clock: ChainClock, at: HeldBlock | undefined = clock.published): Known {
    // The clock's own object, not a copy: who describes a block can do it once for many answers.
    const block: BlockRef = at ?? { number: 0, hash: '' }
    const now = at === clock.published ? factsKnownAt(clock, this.#now()) : (at?.timestamp ?? 0)
    return { known: true, amount, block, finality: finalityOf(block, clock), source: 'events', knownAt: now }
  }

  async #fact(key: BalanceKey, row: StoredBalance | undefined): Promise<Fact> {
    const { standard } = key.asset
    // The native asset has no events: it is never in the journal.
    const asset = standard === 'native' ? undefined : await this.#reads.asset(key.asset)
    return { key, row, asset: asset ?? (standard === this.#issues ? NEVER_ISSUED : undefined) }
  }

  async #answer(facts: readonly Fact[], clock: ChainClock, freshness: Freshness): Promise<readonly Balance[]> {
    // All that the journal proves is known at one block: it is described once.
    const proven = this.#known(0n, clock)
    const answers = facts.map((fact): Balance | undefined => {
      const amount = provenAmount(fact, clock)
      return amount === undefined ? undefined : { ...proven, amount }
    })
    const isNewest = freshness.mode === 'stored' || this.#issues !== undefined
    if (isNewest && !answers.includes(undefined)) return settled(answers)
    return this.#fill({ facts, answers, clock, freshness })
  }

  /** Reads without those of blocks that are known to be replaced. */
  async #canonical(
    reads: readonly (Observation | undefined)[],
    { published }: ChainClock,
  ): Promise<readonly (Observation | undefined)[]> {
    if (published === undefined) return reads
    // Most reads are of the very block that is published: only those below it have to be looked up.
    const below = reads.flatMap((read) => (read !== undefined && read.block.number < published.number ? [read] : []))
    const lost = below.length === 0 ? [] : await this.#reads.lost(below.map((read) => read.block))
    const gone = new Set<Observation | undefined>(below.filter((_, index) => lost[index] === true))
    return reads.map((read) => {
      const replaced = read?.block.number === published.number && read.block.hash !== published.hash
      return replaced || gone.has(read) ? undefined : read
    })
  }

  async #fill(work: {
    facts: readonly Fact[]
    answers: readonly (Balance | undefined)[]
    clock: ChainClock
    freshness: Freshness
  }): Promise<readonly Balance[]> {
    const { facts, clock, freshness } = work
    const keys = facts.map(({ key }) => key)
    const stored = await this.#canonical(await this.#reads.observations.get(keys), clock)
    const question = { clock, freshness, now: this.#now() }
    const filled = facts.map((_, index) => {
      const observation = stored[index]
      const believed = observation === undefined || isDoubtful(observation, clock) ? undefined : observation
      return higher(work.answers[index], believed, clock)
    })
    const wanted = [...filled.keys()].filter((index) => mustRead(filled[index], question))
    if (wanted.length === 0) return settled(filled)
    const read = await this.#node.readNow(wanted.flatMap((index) => keys[index] ?? []))
    const then = await this.#reads.clock()
    // The facts were taken back while the node was asked: what holds now is looked at anew.
    if (!(await this.#holds(clock.published, then))) return this.get(keys, freshness)
    const fresh = await this.#canonical(
      read.map((result) => (isObservation(result) ? result : undefined)),
      then,
    )
    for (const [place, index] of wanted.entries()) {
      const result = read[place]
      // What is doubtful is still better than nothing, and says its own block and age.
      const before = filled[index] ?? higher(undefined, stored[index], then)
      const reason = result === undefined || isObservation(result) ? unknown('node_unavailable') : result
      filled[index] = notBackwards(filled[index], fresh[place], then) ?? before ?? reason
    }
    return settled(filled)
  }

  /** True where a block that was published is one of ours still. */
  async #holds(block: BlockRef | undefined, { published }: ChainClock): Promise<boolean> {
    if (block === undefined) return true
    if (published === undefined || published.number < block.number) return false
    const [lost] = await this.#reads.lost([block])
    return lost !== true
  }
}

/** What is stored of some positions, in one snapshot. `block`: our own name of the block that it is as of, if we have one. */
type Look = { readonly facts: readonly Fact[]; readonly clock: ChainClock; readonly block: HeldBlock | undefined }

type Answered<L> = {
  readonly seen: L
  readonly balances: readonly Balance[]
  readonly block: BlockRef | undefined
}

/** True where all blocks up to this one are published. */
function isInside(number: number, { published }: ChainClock): boolean {
  return published !== undefined && number <= published.number
}

/** A list is of what was looked at: outside of that, an empty one would be a guess. @throws UNAVAILABLE */
function mustCover(clock: ChainClock, lists: (test: CoverageTest) => boolean, account?: string): void {
  const test = testOf(clock)
  if (test === undefined || lists(test)) return
  if (account !== undefined && account === clock.nobody) {
    throw new ServiceError('UNAVAILABLE', 'this address stands for nobody: its balances are read, nothing is listed')
  }
  throw new ServiceError('UNAVAILABLE', 'outside the scope that is indexed here')
}

function settled(answers: readonly (Balance | undefined)[]): readonly Balance[] {
  return answers.map((answer) => answer ?? unknown('node_unavailable'))
}
