import type { CoinReads } from '../chains/account-reader.ts'
import { assetKey, NO_ITEM } from '../core/asset.ts'
import type { BalanceKey, Known } from '../core/balance.ts'
import { ServiceError } from '../core/errors.ts'
import type { ChainClock } from '../store/seam/chain-clock.ts'
import type { ChainReads } from '../store/seam/store.ts'
import type { AccountCoins, CoinKind } from './account-coins.ts'
import type { AsOf } from './as-of.ts'
import { worstOf } from './as-of.ts'
import type { AssetBalance, Balances } from './balances.ts'
import { finalityOf, observed, testOf } from './freshness.ts'

type Query = Omit<Parameters<Balances['account']>[0], 'chain'>

/** The dependencies of `CoinLists`. `now`: Unix seconds. */
export type CoinListDeps = {
  readonly reads: ChainReads
  readonly coins: AccountCoins
  readonly now: () => number
  /** When a node first reported another newest block than this one, in Unix seconds. */
  readonly replacedAt: (block: CoinReads['block']) => number | undefined
  /** Requests that an account be followed from now on. Must not throw. */
  readonly follow: (account: string) => void
}

/** Answers what accounts hold that are not followed yet, from their coins, and requests that they be followed. */
export class CoinLists {
  readonly #deps: CoinListDeps

  constructor(deps: CoinListDeps) {
    this.#deps = deps
  }

  /** Requests that those of the accounts be followed that are not. */
  asked(keys: readonly Pick<BalanceKey, 'account'>[], clock: ChainClock): void {
    const test = testOf(clock)
    for (const account of new Set(keys.map((key) => key.account))) {
      if (account !== clock.zeroAddress && test?.keeps(account) !== true) this.#deps.follow(account)
    }
  }

  /**
   * A page of the assets of an account, in the order in which their oldest coins were confirmed.
   * @throws BALANCE_UNKNOWN no node returns the coins, and nothing is stored of the account
   */
  async page(query: Query, clock: ChainClock): Promise<Page> {
    const { coins, now } = this.#deps
    const { account, freshness } = query
    const read = await coins.get(account, 'tokens', { freshness, clock, now: now() })
    if (read === undefined) return this.#stored(query, clock)
    const known = this.#knownOf(read, clock)
    const sums = new Map<string, { readonly row: AssetBalance; readonly confirmed: number }>()
    for (const { asset, amount, confirmed } of read.coins) {
      const before = sums.get(assetKey(asset))
      const sum = amount + (before?.row.balance.known === true ? before.row.balance.amount : 0n)
      const first = Math.min(confirmed, before?.confirmed ?? confirmed)
      sums.set(assetKey(asset), { row: { asset, balance: { ...known, amount: sum } }, confirmed: first })
    }
    const rows = [...sums.entries()]
      .sort(([a, one], [b, other]) => one.confirmed - other.confirmed || (a < b ? -1 : 1))
      .map(([, { row }]) => row)
    return { ...pageOf(rows, query), asOf: asOf(known, !read.isCut) }
  }

  /** The unspent coins of an account at the newest block. @throws BALANCE_UNKNOWN no node returns them */
  async coins(account: string, of: CoinKind): ReturnType<Balances['coins']> {
    const { coins, now, reads } = this.#deps
    const clock = await reads.clock()
    this.asked([{ account }], clock)
    const read = await coins.get(account, of, { freshness: { mode: 'stored' }, clock, now: now() })
    if (read === undefined) throw new ServiceError('BALANCE_UNKNOWN', 'no node returns the coins of this account')
    return { coins: read.coins, asOf: asOf(this.#knownOf(read, clock), !read.isCut) }
  }

  /** What was read of the account before. It may hold more by now, so the list is not complete. */
  async #stored(query: Query, clock: ChainClock): Promise<Page> {
    const { reads } = this.#deps
    const { account } = query
    const held = await reads.observations.heldBy(account)
    const keys = held.map((asset) => ({ account, asset, item: NO_ITEM }))
    const rows = (await reads.observations.get(keys)).flatMap((read): readonly AssetBalance[] => {
      if (read === undefined) return []
      const until = this.#deps.replacedAt(read.block)
      return [{ asset: read.asset, balance: observed(read, { finality: finalityOf(read.block, clock), until }) }]
    })
    const worst = worstOf(rows.map(({ balance }) => balance))
    if (worst === undefined) throw new ServiceError('BALANCE_UNKNOWN', 'no node returns the balances of this account')
    return { ...pageOf(rows, query), asOf: { ...worst, complete: false } }
  }

  #knownOf({ block, observedAt }: CoinReads, clock: ChainClock): Known {
    const until = this.#deps.replacedAt(block) ?? Number.POSITIVE_INFINITY
    const knownAt = Math.min(observedAt, until)
    const { number, hash } = block
    return {
      known: true,
      amount: 0n,
      block: { number, hash },
      finality: finalityOf(block, clock),
      source: 'reads',
      knownAt,
    }
  }
}

type Page = Awaited<ReturnType<Balances['account']>>

function asOf({ block, finality, source, knownAt }: Known, complete: boolean): AsOf {
  return { block, finality, source, knownAt, uniform: true, complete }
}

function pageOf(
  rows: readonly AssetBalance[],
  { standards, assets, offset, limit }: Query,
): { readonly rows: readonly AssetBalance[]; readonly count: number } {
  const named = assets === undefined ? undefined : new Set(assets.map(assetKey))
  const wanted = rows.filter(({ asset }) => standards.includes(asset.standard) && (named?.has(assetKey(asset)) ?? true))
  return { rows: wanted.slice(offset, offset + limit), count: wanted.length }
}
