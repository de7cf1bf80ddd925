import { NO_ITEM, type Standard } from '../core/asset.ts'
import type { Balance, BalanceKey, Known, Observation } from '../core/balance.ts'
import type { BlockRef, Header } from '../core/block.ts'
import type { CoverageTest } from '../core/coverage.ts'
import { ServiceError } from '../core/errors.ts'
import type { ChainClock, ChainReads, StoredBalance } from '../store/store.ts'
import type { Balances, Freshness } from './balances.ts'
import { isObservation, type NodeReader } from './node-reader.ts'
import {
  ageOf,
  type Fact,
  factsKnownAt,
  finalityOf,
  leastFresh,
  observed,
  provenAmount,
  testOf,
  unknown,
} from './standing.ts'

/** An asset that nobody issued yet, on a chain whose issuing is all written here. */
const NEVER_ISSUED: Fact['asset'] = { accounting: 'events' }

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
    const { clock, rows } = await this.#reads.balances(keys, asOf)
    const facts = await Promise.all(keys.map((key, index) => this.#fact(key, rows[index])))
    return (await this.#answerAsOf(facts, clock, asOf)).balances
  }

  /** A page of an account's assets, in the order in which it first met them. */
  async account(query: Omit<Parameters<Balances['account']>[0], 'chain'>): ReturnType<Balances['account']> {
    const { freshness, asOf } = query
    const { clock, count, rows } = await this.#reads.account({ ...query, assets: query.assets })
    if (query.assets === undefined) mustCover(clock, (test) => test.keeps(query.account), query.account)
    const facts = rows.map(
      (row): Fact => ({
        key: { account: query.account, asset: row.asset.asset, item: NO_ITEM },
        row,
        asset: row.asset,
      }),
    )
    const { balances, block } =
      asOf === undefined
        ? { balances: await this.#answer(facts, clock, freshness), block: clock.published }
        : await this.#answerAsOf(facts, clock, asOf)
    const answered = facts.map(({ key }, index) => ({
      asset: key.asset,
      balance: balances[index] ?? unknown('node_unavailable'),
    }))
    return { rows: answered, count, asOf: block }
  }

  /** A page of an asset's holders; of one that is known by reads alone, as the chain says now. */
  async holders(query: Omit<Parameters<Balances['holders']>[0], 'chain'>): ReturnType<Balances['holders']> {
    const { rows, count, clock } = await this.#reads.holders(query)
    mustCover(clock, (test) => test.coversAll(query.asset))
    const asset = await this.#reads.asset(query.asset)
    if (asset === undefined || asset.accounting === 'events') return { rows, count, asOf: this.#stored(0n, clock) }
    const keys = rows.map(({ account }) => ({ account, asset: query.asset, item: NO_ITEM }))
    const balances = await this.get(keys, { mode: 'stored' })
    const held = rows.flatMap(({ account }, index) => {
      const balance = balances[index]
      return balance?.known === true && balance.amount > 0n ? [{ account, amount: balance.amount }] : []
    })
    held.sort((a, b) => (a.amount === b.amount ? 0 : a.amount > b.amount ? -1 : 1))
    return { rows: held, count, asOf: leastFresh(balances) ?? this.#stored(0n, clock) }
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

  async #answerAsOf(
    facts: readonly Fact[],
    clock: ChainClock,
    asOf: number,
  ): Promise<{ readonly balances: readonly Balance[]; readonly block: BlockRef | undefined }> {
    const inside = clock.published !== undefined && asOf <= clock.published.number
    const proven = facts.map((fact) => (inside ? provenAmount(fact, clock) : undefined))
    const missing = facts.flatMap(({ key }, index) => (proven[index] === undefined ? [key] : []))
    const block = missing.length === facts.length && !inside ? undefined : await this.#blockAt(asOf, clock)
    const read = missing.length === 0 ? [] : await this.#node.readAt(missing, asOf)
    let place = 0
    const balances = proven.map((amount) => {
      if (amount !== undefined)
        return block === undefined ? unknown('node_unavailable') : this.#known(amount, clock, block)
      const result = read[place++] ?? unknown('node_unavailable')
      return isObservation(result) ? observed(result, clock) : result
    })
    return { balances, block }
  }

  /** The name of a block: ours where it is the published one, else the node's, unless that is of another branch. */
  async #blockAt(number: number, { published }: ChainClock): Promise<Header | undefined> {
    if (published?.number === number) return published
    const header = await this.#node.headerAt(number)
    const [lost] = header === undefined ? [] : await this.#reads.lost([header])
    return lost === true ? undefined : header
  }

  /** An amount of the journal at the published block; only where something is published. */
  #stored(amount: bigint, clock: ChainClock): Balance {
    return clock.published === undefined ? unknown('outside_coverage') : this.#known(amount, clock)
  }

  #known(amount: bigint, clock: ChainClock, at: Header | undefined = clock.published): Known {
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
    const stored = await this.#canonical(await this.#reads.observations.get(facts.map(({ key }) => key)), clock)
    const now = this.#now()
    const filled: (Balance | undefined)[] = []
    const wanted: number[] = []
    for (let index = 0; index < facts.length; index++) {
      const best = higher(work.answers[index], stored[index], clock)
      filled.push(best)
      if (mustRead(best, { clock, freshness, now })) wanted.push(index)
    }
    if (wanted.length === 0) return settled(filled)
    const read = await this.#node.readNow(wanted.flatMap((index) => facts[index]?.key ?? []))
    for (const [place, index] of wanted.entries()) {
      const result = read[place] ?? unknown('node_unavailable')
      if (isObservation(result)) filled[index] = observed(result, clock)
      else filled[index] ??= result
    }
    return settled(filled)
  }
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

/** Whichever of fact and observation names the higher block. */
function higher(
  fact: Balance | undefined,
  observation: Observation | undefined,
  clock: ChainClock,
): Balance | undefined {
  if (observation === undefined) return fact
  if (fact?.known === true && fact.block.number >= observation.block.number) return fact
  return observed(observation, clock)
}

type Question = { readonly clock: ChainClock; readonly freshness: Freshness; readonly now: number }

/** True where the chain must be asked: nothing is known, it is too old, or a read is of a block before the newest. */
function mustRead(answer: Balance | undefined, { clock, freshness, now }: Question): boolean {
  if (answer === undefined || !answer.known || freshness.mode === 'force') return true
  if (freshness.mode === 'max_age') return ageOf(answer, now) > freshness.seconds
  return answer.source === 'reads' && answer.block.number < (clock.head?.number ?? 0)
}

function settled(answers: readonly (Balance | undefined)[]): readonly Balance[] {
  return answers.map((answer) => answer ?? unknown('node_unavailable'))
}
