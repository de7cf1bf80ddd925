import { NO_ITEM } from '../core/asset.ts'
import { type Balance, type BalanceKey, isNodeUnknown, isNoneKnown } from '../core/balance.ts'
import { sameBlock } from '../core/block.ts'
import type { CoverageTest } from '../core/coverage.ts'
import { ServiceError } from '../core/errors.ts'
import { andThen, type Soon } from '../core/soon.ts'
import type { Standard } from '../core/standards.ts'
import type { ChainClock, HeldBlock } from '../store/seam/chain-clock.ts'
import type { AccountPage, ChainReads } from '../store/seam/store.ts'
import { type Answered, Answers } from './answers.ts'
import { type AsOf, worstOf } from './as-of.ts'
import type { Balances, Freshness } from './balances.ts'
import type { CoinLists } from './coin-lists.ts'
import { type Fact, finalityOf, observed, provenAmount, testOf, unknown } from './freshness.ts'
import { HolderLists } from './holder-lists.ts'
import { ListRules } from './list-rules.ts'
import { createLookUp, type Look, type LookUp } from './look.ts'
import { isObservation, type NodeReader } from './node-reader.ts'

/** The dependencies of a chain's read side. `now`: Unix seconds. */
export type ChainBalancesDeps = {
  readonly reads: ChainReads
  readonly node: NodeReader
  readonly now: () => number
  /**
   * The standard of the assets that are issued on this chain, if it is written only here. On such a chain a missing row
   * means zero, and there is never anything newer to read.
   */
  readonly issues?: Standard | undefined
  /** Answers lists, marked as incomplete, while the chain has never caught up. Otherwise they are rejected. */
  readonly servePartial?: boolean
  /** Answers accounts that are not followed yet, if nodes of the chain can be asked what an account holds. */
  readonly coinLists?: CoinLists | undefined
}

/** A chain's balances: from the journal if it proves the amount, else from reads of the chain. */
export class ChainBalances {
  readonly #reads: ChainReads
  readonly #node: NodeReader
  readonly #lookUp: LookUp
  readonly #answers: Answers
  readonly #rules: ListRules
  readonly #holders: HolderLists
  readonly #coinLists: CoinLists | undefined

  constructor(deps: ChainBalancesDeps) {
    const { reads, node, now, issues, servePartial = false, coinLists } = deps
    this.#coinLists = coinLists
    this.#reads = reads
    this.#node = node
    this.#lookUp = createLookUp(reads, issues)
    const lookUp = this.#lookUp
    this.#answers = new Answers({ reads, lookUp, node, now, isOwn: issues !== undefined })
    this.#rules = new ListRules({ servePartial, isOwn: issues !== undefined })
    this.#holders = new HolderLists({ reads, node, answers: this.#answers, rules: this.#rules, lookUp })
  }

  /** Balances in the order of the keys, as fresh as requested. Several stored ones are all of one block. */
  get(keys: readonly BalanceKey[], freshness: Freshness): Soon<readonly Balance[]> {
    return andThen(this.#lookUp(keys), (seen) => {
      this.#coinLists?.asked(keys, seen.clock)
      const isNewest = freshness.mode === 'stored' && seen.clock.wasReady
      if (!isNewest || keys.length === 1) return this.#answers.newest(seen.facts, seen.clock, freshness)
      let first: Look | undefined = seen
      const look = (): Soon<Look> => {
        const taken = first ?? this.#lookUp(keys)
        first = undefined
        return taken
      }
      return andThen(this.#answers.atPublished(look), ({ balances }) => balances)
    })
  }

  /** The number of the newest known block of the chain. Asks a node only if the known one is below `atLeast`. */
  async newestBlock(atLeast: number): Promise<number | undefined> {
    const { head, published } = await this.#reads.clock()
    const known = Math.max(head?.number ?? -1, published?.number ?? -1)
    if (known >= atLeast) return known
    const newest = Math.max(known, (await this.#node.newest()) ?? -1)
    return newest < 0 ? undefined : newest
  }

  /** Balances at a block: from the journal inside coverage, else read from a node that has the block's state. */
  async getAsOf(keys: readonly BalanceKey[], asOf: number): Promise<readonly Balance[]> {
    return (await this.#atBlock(() => this.#lookUp(keys, asOf), asOf)).balances
  }

  /** A page of an account's assets, ordered by the account's first transfer of each. */
  account(query: ListQuery): ReturnType<Balances['account']> {
    if (this.#coinLists === undefined) return this.#ofJournal(query)
    return this.#ofCoins(this.#coinLists, query).then((page) => page ?? this.#ofJournal(query))
  }

  #ofJournal(query: ListQuery): Soon<ListPage> {
    const { account, standards, receivedOnly, assets, asOf, offset, limit } = query
    const wanted = { account, standards, receivedOnly, assets, asOf, offset, limit }
    const look = (): Soon<AccountLook> => andThen(this.#reads.account(wanted), (page) => this.#lookOf(page, query))
    return andThen(this.#accountAnswer(look, query), (answered) => this.#pageOf(answered, query))
  }

  #lookOf({ clock, block, count, rows, inDoubt, mayLackTokens }: AccountPage, query: ListQuery): AccountLook {
    const { account } = query
    if (query.assets === undefined) {
      this.#rules.mustCover(clock, (test) => test.keeps(account), account)
      if (query.asOf === undefined) this.#rules.mustHaveCaughtUp(clock, query.partial)
    }
    const facts = rows.map(
      (row): Fact => ({ key: { account, asset: row.asset.asset, item: NO_ITEM }, row, asset: row.asset }),
    )
    return { clock, block, count, facts, mayLack: inDoubt || mayLackTokens }
  }

  #pageOf({ seen, balances, base }: AnsweredAccount, query: ListQuery): Soon<ListPage> {
    const rows = seen.facts.map(({ key }, index) => ({
      asset: key.asset,
      balance: balances[index] ?? unknown('node_unavailable'),
    }))
    if (isNoneKnown(balances) && query.unknownRows !== true)
      throw new ServiceError('UNAVAILABLE', 'no node returns the balances of this account')
    if (base === undefined) return { rows, count: seen.count, asOf: undefined }
    const worst = worstOf(balances) ?? base
    const isWhole = this.#rules.isWhole(seen.clock) && !seen.mayLack && !isUnknownAt(worst, { balances, base })
    const { count } = seen
    if (!isWhole || !isListed(worst, base)) return { rows, count, asOf: { ...worst, complete: false } }
    const unmet = this.#holdsUnmet(query.account, query.standards)
    return andThen(unmet, (holdsUnmet) => ({ rows, count, asOf: { ...worst, complete: !holdsUnmet } }))
  }

  /** The unspent coins of an account. @throws BALANCE_UNKNOWN no node returns them; UNAVAILABLE the chain has no coins */
  async coins({ account, of }: Omit<Parameters<Balances['coins']>[0], 'chain'>): ReturnType<Balances['coins']> {
    if (this.#coinLists !== undefined) return this.#coinLists.coins(account, of)
    throw new ServiceError('UNAVAILABLE', 'the coins of an account cannot be read on this chain')
  }

  /** A page of an asset's holders. For an asset known by reads, by the newest known amounts. */
  holders(query: Omit<Parameters<Balances['holders']>[0], 'chain'>): ReturnType<Balances['holders']> {
    return this.#holders.page(query)
  }

  /** A page of an asset's transfers. */
  async transfers(query: Omit<Parameters<Balances['transfers']>[0], 'chain'>): ReturnType<Balances['transfers']> {
    const { account, fromBlock, toBlock, fromTimestamp, toTimestamp, partial, ...rest } = query
    const wanted = { ...rest, account, fromBlock, toBlock, fromTimestamp, toTimestamp }
    const { rows, count, clock, inDoubt } = await this.#reads.transfers(wanted)
    const { asset } = query
    const covers = (test: CoverageTest): boolean =>
      account === undefined ? test.coversAll(asset) : test.covers(account, asset)
    this.#rules.mustCover(clock, covers, account)
    this.#rules.mustHaveCaughtUp(clock, partial)
    const base = this.#answers.published(clock)
    if (base === undefined) return { rows, count, asOf: undefined }
    // Balances that change without events are not in a list of transfers.
    const isRead = (await this.#reads.asset(asset))?.accounting === 'reads'
    return { rows, count, asOf: { ...base, complete: this.#rules.isWhole(clock) && !inDoubt && !isRead } }
  }

  /** The account's list by its coins, if the journal does not have it; undefined if it has. */
  async #ofCoins(coinLists: CoinLists, query: ListQuery): Promise<ListPage | undefined> {
    const clock = await this.#reads.clock()
    coinLists.asked([query], clock)
    const isKept = testOf(clock)?.keeps(query.account) === true
    const isProven = isKept && this.#rules.isCaughtUp(clock) && !clock.inDoubt
    return isProven || query.asOf !== undefined ? undefined : coinLists.page(query, clock)
  }

  #accountAnswer(
    look: () => Soon<AccountLook>,
    { freshness, asOf }: Pick<ListQuery, 'freshness' | 'asOf'>,
  ): Soon<AnsweredAccount> {
    if (asOf !== undefined) {
      return this.#atBlock(look, asOf).then(({ seen, balances, block }) => {
        return { seen, balances, base: block && baseOf(this.#answers.known(0n, seen.clock, block)) }
      })
    }
    const answered = ({ seen, balances }: Answered<AccountLook>): AnsweredAccount => {
      return { seen, balances, base: this.#answers.published(seen.clock) }
    }
    if (freshness.mode === 'stored') return andThen(this.#answers.atPublished(look), answered)
    return andThen(look(), (seen) => {
      const newest = this.#answers.newest(seen.facts, seen.clock, freshness)
      return andThen(newest, (balances) => answered({ seen, balances }))
    })
  }

  async #atBlock<L extends Look>(
    look: () => Soon<L>,
    asOf: number,
  ): Promise<Answered<L> & { readonly block: HeldBlock | undefined }> {
    const { seen, block } = await this.#named(look, asOf)
    const { facts, clock } = seen
    const inside = isInside(asOf, clock)
    const proven = facts.map((fact) => (inside ? provenAmount(fact, clock, asOf) : undefined))
    const missing = facts.flatMap(({ key }, index) => (proven[index] === undefined ? [key] : []))
    const read = missing.length === 0 || block === undefined ? [] : await this.#node.readAt(missing, block)
    let offset = 0
    const balances = proven.map((amount): Balance => {
      if (block === undefined) return unknown('node_unavailable')
      if (amount !== undefined) return this.#answers.known(amount, clock, block)
      const result = read[offset++] ?? unknown('node_unavailable')
      if (!isObservation(result)) return unknown(result.reason)
      // Like a fact, a past amount was last known true when its block was the newest.
      return observed(result, { finality: finalityOf(block, clock), until: block.timestamp })
    })
    return { seen, balances, block: inside ? block : undefined }
  }

  /**
   * Returns what is stored as of a block, with our own hash of that block from the same snapshot. If we store no hash,
   * a node is asked for the block, and the rows are read again after that. If we still have no hash then, the block was
   * final before the node was asked, so it cannot be replaced, or it is above our blocks.
   */
  async #named<L extends Look>(look: () => Soon<L>, asOf: number): Promise<{ seen: L; block: HeldBlock | undefined }> {
    const first = await look()
    const asks = first.facts.length > 0 || isInside(asOf, first.clock)
    if (first.block !== undefined || !asks) return { seen: first, block: first.block }
    const header = await this.#node.headerAt(asOf)
    const seen = await look()
    return { seen, block: seen.block ?? header }
  }

  /**
   * True if a read showed that the account holds an asset without events for this account: its list lacks that asset.
   */
  #holdsUnmet(account: string, standards: readonly Standard[]): Soon<boolean> {
    return andThen(this.#reads.observations.heldBy(account), (held) => {
      const keys = held.flatMap((asset) =>
        standards.includes(asset.standard) ? [{ account, asset, item: NO_ITEM }] : [],
      )
      return keys.length > 0 && andThen(this.#reads.balances(keys), ({ rows }) => rows.includes(undefined))
    })
  }
}

/** Which of an account's assets are listed, and the list. */
type ListQuery = Omit<Parameters<Balances['account']>[0], 'chain'>
type ListPage = Awaited<ReturnType<Balances['account']>>
type AccountLook = Look & { readonly count: number; readonly mayLack: boolean }
type AnsweredAccount = Answered<AccountLook> & { readonly base: AsOf | undefined }

function baseOf({ block, finality, source, knownAt }: Omit<AsOf, 'uniform' | 'complete'>): AsOf {
  return { block, finality, source, knownAt, uniform: true, complete: true }
}

/** True if all blocks up to this one are published. */
function isInside(number: number, { published }: ChainClock): boolean {
  return published !== undefined && number <= published.number
}

/**
 * True if no asset can be missing at the block that an answer names because the account met it after the published
 * block, whose assets are listed.
 */
function isListed({ block }: AsOf, base: AsOf): boolean {
  return block.number < base.block.number || sameBlock(block, base.block)
}

/**
 * True if a balance may be missing at the block that an answer names: a node failed, or a token was found not to be one
 * at another block than that.
 */
function isUnknownAt(
  named: AsOf,
  { balances, base }: { readonly balances: readonly Balance[]; readonly base: AsOf },
): boolean {
  if (balances.some(isNodeUnknown)) return true
  return balances.some(({ known }) => !known) && !(named.uniform && sameBlock(named.block, base.block))
}
