import { type AssetRef, NO_ITEM } from '../core/asset.ts'
import type { Balance } from '../core/balance.ts'
import { ServiceError } from '../core/errors.ts'
import type { ChainClock } from '../store/seam/chain-clock.ts'
import type { ChainReads } from '../store/seam/store.ts'
import type { Answers } from './answers.ts'
import { type AsOf, worstOf } from './as-of.ts'
import type { Balances } from './balances.ts'
import type { ListRules } from './list-rules.ts'
import type { LookUp } from './look.ts'
import { isObservation, type NodeReader } from './node-reader.ts'

/** Most accounts of a token that are all read for one answer: four multicalls, once per block. */
const MAX_READ_WHOLE = 1_000
/** Most attempts at a page, if its reads change the order. */
const MAX_ROUNDS = 3

type Query = Omit<Parameters<Balances['holders']>[0], 'chain'>
type Page = Awaited<ReturnType<Balances['holders']>>
type Holder = Page['rows'][number]
type ReadAccounts = { readonly balances: readonly Balance[]; readonly clock: ChainClock; readonly asOf: AsOf }

/** The dependencies of holder lists. */
export type HolderListDeps = {
  readonly reads: ChainReads
  readonly node: NodeReader
  readonly answers: Answers
  readonly rules: ListRules
  readonly lookUp: LookUp
}

/** Lists of an asset's holders, greatest first. */
export class HolderLists {
  readonly #deps: HolderListDeps

  constructor(deps: HolderListDeps) {
    this.#deps = deps
  }

  /** @throws UNAVAILABLE the scope does not cover it, the chain never caught up, or no node could be asked */
  async page(query: Query): Promise<Page> {
    const { reads, rules, answers } = this.#deps
    const { rows, count, clock, inDoubt } = await reads.holders(query)
    rules.mustCover(clock, (test) => test.coversAll(query.asset))
    rules.mustHaveCaughtUp(clock, query.partial)
    const base = answers.published(clock)
    if (base === undefined) return { rows: [], count: 0, asOf: undefined }
    const asset = await reads.asset(query.asset)
    if (asset?.isGone) {
      // It may have been deployed again since the audit checked.
      const gone = await this.#isGoneAt(query.asset, { block: base.block, clock })
      return gone ? { rows: [], count: 0, asOf: base } : this.#readPage(query)
    }
    if (asset !== undefined && (inDoubt || asset.accounting !== 'events')) return this.#readPage(query)
    const isWhole = rules.isWhole(clock)
    // The audit compares the events with the supply, unless it has seen no event or not the first ones.
    const complete = isWhole && asset !== undefined ? true : await this.#addsUp(query.asset, { isWhole, clock, base })
    return { rows, count, asOf: { ...base, complete } }
  }

  /** True if a destroyed contract still has no code at a block. */
  async #isGoneAt(
    asset: AssetRef,
    { block, clock }: { readonly block: AsOf['block']; readonly clock: ChainClock },
  ): Promise<boolean> {
    const key = { account: clock.zeroAddress ?? asset.reference, asset, item: NO_ITEM }
    const [told] = await this.#deps.node.readAt([key], block)
    return told !== undefined && !isObservation(told) && told.reason === 'not_a_token'
  }

  /**
   * Reads the holders of a token known by reads: all accounts that may hold it, or those of one page if there are many.
   */
  async #readPage(query: Query): Promise<Page> {
    const { asset, offset, limit } = query
    const accounts = await this.#deps.reads.holdings.accounts(asset, MAX_READ_WHOLE)
    if (accounts === undefined) return this.#pageOfMany(query)
    const { balances, clock, asOf } = await this.#readAll(asset, accounts)
    const held = holdersOf(accounts, balances)
    const isTold = asOf.uniform && balances.every((balance) => balance.known)
    const complete = isTold && this.#deps.rules.isCaughtUp(clock) && (await this.#covers(asset, { held, clock, asOf }))
    return { rows: held.slice(offset, offset + limit), count: held.length, asOf: { ...asOf, complete } }
  }

  /** A page by the newest known amounts. Its reads are stored, so a page in the wrong order is taken again. */
  async #pageOfMany(query: Query): Promise<Page> {
    for (let round = 1; ; round++) {
      const { rows, count } = await this.#deps.reads.holdings.page(query)
      const accounts = rows.map(({ account }) => account)
      const { balances, asOf } = await this.#readAll(query.asset, accounts)
      const isSame = rows.every(({ amount }, index) => {
        const balance = balances[index]
        return balance?.known === true && balance.amount === amount
      })
      if (!isSame && round < MAX_ROUNDS) continue
      // They are too many to be added up for one answer, so nothing proves that the list is complete.
      return { rows: holdersOf(accounts, balances), count, asOf: { ...asOf, complete: false } }
    }
  }

  /** @throws UNAVAILABLE there are accounts, and none of their balances is known because no node answers */
  async #readAll(asset: AssetRef, accounts: readonly string[]): Promise<ReadAccounts> {
    const { answers, lookUp } = this.#deps
    const keys = accounts.map((account) => ({ account, asset, item: NO_ITEM }))
    const { seen, balances } = await answers.atPublished(() => lookUp(keys))
    const asOf = worstOf(balances) ?? answers.published(seen.clock)
    const isNodeDown = balances.some((balance) => !balance.known && balance.reason === 'node_unavailable')
    if (asOf === undefined || (isNodeDown && !balances.some((balance) => balance.known))) {
      throw new ServiceError(
        'UNAVAILABLE',
        'the balances of this token are known by reads, and no node can be read at the moment',
      )
    }
    return { balances, clock: seen.clock, asOf }
  }

  /** True if these holders and the zero address hold the supply that the token reports at the block. */
  async #covers(
    asset: AssetRef,
    { held, clock, asOf }: { readonly held: readonly Holder[]; readonly clock: ChainClock; readonly asOf: AsOf },
  ): Promise<boolean> {
    const supply = await this.#deps.node.supplyAt(asset, asOf.block, clock.zeroAddress)
    const sum = held.reduce((total, { amount }) => total + amount, 0n)
    return supply !== undefined && sum + supply.lost >= supply.total
  }

  /** The same for a token known by events, if these may not show every holder. */
  async #addsUp(
    asset: AssetRef,
    { isWhole, clock, base }: { readonly isWhole: boolean; readonly clock: ChainClock; readonly base: AsOf },
  ): Promise<boolean> {
    const { reads, node, rules } = this.#deps
    if (!rules.isCaughtUp(clock)) return false
    const all = await reads.holders({ asset, offset: 0, limit: MAX_READ_WHOLE })
    if (all.count > MAX_READ_WHOLE || all.clock.published?.hash !== base.block.hash) return isWhole
    // An asset without events and without a supply is no token, or has no holders.
    const supply = await node.supplyAt(asset, base.block, clock.zeroAddress)
    if (supply === undefined) return isWhole
    return all.rows.reduce((total, { amount }) => total + amount, supply.lost) >= supply.total
  }
}

function holdersOf(accounts: readonly string[], balances: readonly Balance[]): readonly Holder[] {
  const held = accounts.flatMap((account, index): Holder[] => {
    const balance = balances[index]
    return balance?.known === true && balance.amount > 0n ? [{ account, amount: balance.amount }] : []
  })
  return held.sort((a, b) => (a.amount === b.amount ? (a.account < b.account ? -1 : 1) : a.amount > b.amount ? -1 : 1))
}
