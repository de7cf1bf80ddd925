import { type AsOf, worstOf } from '../balances/as-of.ts'
import type { Funds } from '../balances/chain-funds.ts'
import { type AssetRef, NO_ITEM } from '../core/asset.ts'
import type { Balance } from '../core/balance.ts'
import type { ChainId } from '../core/chain.ts'
import type { Member } from '../store/seam/custody.ts'
import type { Tokens } from '../tokens/tokens.ts'
import type { BulkReader } from './bulk-reader.ts'
import { type CustodyChain, type CustodyChains, ifOpen } from './chains.ts'
import type { ChainAsOf, CustodyBalance } from './custody.ts'

/** How long a page waits for decimals that were never read, in milliseconds. */
const FACTS_WAIT_MS = 1_000
/** How long no page waits for a chain after that was in vain, in seconds. */
const FACTS_PAUSE_SECONDS = 10

/** The dependencies of `RowMaker`. */
export type RowDeps = {
  readonly chains: CustodyChains
  readonly tokens: Tokens
  readonly reader: BulkReader
  /** Unix seconds. */
  readonly now: () => number
}

/** What was learned of a chain while rows were made of it. */
type ChainState = { readonly balances: Balance[]; isWhole: boolean }

/** Gathers what the rows of one answer guarantee, chain by chain. */
export class Guarantees {
  readonly #chains = new Map<ChainId, ChainState>()

  /** Adds known balances of a chain. `isWhole`: no row can be missing. */
  add(chain: ChainId, balances: readonly Balance[], isWhole: boolean): void {
    const state = this.#chains.get(chain) ?? { balances: [], isWhole: true }
    this.#chains.set(chain, state)
    state.balances.push(...balances)
    state.isWhole &&= isWhole
  }

  /** One entry for each chain, in the order in which they were added. */
  all(): readonly ChainAsOf[] {
    return [...this.#chains].flatMap(([chain, { balances, isWhole }]): readonly ChainAsOf[] => {
      const worst: AsOf | undefined = worstOf(balances)
      if (worst === undefined) return isWhole ? [] : [{ chain, asOf: undefined }]
      return [{ chain, asOf: { ...worst, complete: isWhole } }]
    })
  }
}

/** Makes rows of the list of balances from members. */
export class RowMaker {
  readonly #deps: RowDeps
  /** Until when no page waits for the facts of a chain's tokens, in Unix seconds. */
  readonly #hasty = new Map<ChainId, number>()

  constructor(deps: RowDeps) {
    this.#deps = deps
  }

  /** The rows in the order of the members; undefined where amount or decimals are unknown. Asks no node. */
  async of(members: readonly Member[], guarantees: Guarantees): Promise<readonly (CustodyBalance | undefined)[]> {
    const rows: (CustodyBalance | undefined)[] = members.map(() => undefined)
    for (const [chain, indexes] of byChain(members)) {
      const found = await this.#onChain(
        chain,
        indexes.flatMap((index) => members[index] ?? []),
        guarantees,
      )
      for (const [at, index] of indexes.entries()) rows[index] = found[at]
    }
    return rows
  }

  /** The decimals of assets, in their order; undefined: unknown. Waits a short time for those that were never read. */
  async decimalsOf(chain: CustodyChain, assets: readonly AssetRef[]): Promise<readonly (number | undefined)[]> {
    const { tokens, now } = this.#deps
    const infos = await tokens.get(chain.id, assets)
    const unread = assets.filter((_, index) => infos[index]?.unread === true && infos[index]?.decimals === undefined)
    const mayWait = (this.#hasty.get(chain.id) ?? 0) <= now()
    if (unread.length === 0 || !mayWait) return infos.map(({ decimals }) => decimals)
    await tokens.get(chain.id, unread, { read: true, waitMs: FACTS_WAIT_MS })
    const again = await tokens.get(chain.id, assets)
    // No node answered in time, so no other page waits for it.
    if (again.some((info) => info.unread === true)) this.#hasty.set(chain.id, now() + FACTS_PAUSE_SECONDS)
    return again.map(({ decimals }) => decimals)
  }

  async #onChain(
    id: ChainId,
    members: readonly Member[],
    guarantees: Guarantees,
  ): Promise<readonly (CustodyBalance | undefined)[]> {
    const chain = this.#deps.chains.get(id)
    const answer = chain && (await ifOpen(chain, (open) => this.#answer(chain, open, members)))
    if (chain === undefined || answer === undefined) {
      guarantees.add(id, [], false)
      return members.map(() => undefined)
    }
    const { rows, funds, isWhole } = answer
    const known = funds.flatMap(({ balance }, index) => (rows[index] === undefined ? [] : [balance]))
    guarantees.add(id, known, isWhole && known.length === members.length)
    return rows
  }

  async #answer(chain: CustodyChain, { funds }: ReturnType<CustodyChain['use']>, members: readonly Member[]) {
    const keys = members.map(({ address, asset }) => ({ account: address, asset, item: NO_ITEM }))
    const decimals = await this.decimalsOf(
      chain,
      members.map(({ asset }) => asset),
    )
    const { rows: found, isWhole } = await funds.of(keys)
    this.#deps.reader.want(
      chain,
      keys.filter((_, index) => isUnread(found[index])),
    )
    const rows = members.map((member, index) => rowOf(member, found[index], decimals[index]))
    return { rows, funds: found, isWhole }
  }
}

/** True if only a read can tell the amount, and none did, or one of an asset that has events otherwise. */
function isUnread(funds: Funds | undefined): boolean {
  return funds === undefined || (!funds.isProven && funds.settled === undefined)
}

function rowOf(member: Member, funds: Funds | undefined, decimals: number | undefined): CustodyBalance | undefined {
  if (funds?.settled === undefined || !funds.balance.known || decimals === undefined) return undefined
  const { wallet, chain, family, address, asset, locked, changedAt } = member
  const { settled, balance } = funds
  return {
    wallet,
    chain,
    family,
    address,
    asset,
    decimals,
    spendable: settled > locked ? settled - locked : 0n,
    pending: balance.amount - settled,
    locked,
    total: balance.amount,
    rowUpdatedAt: Math.max(changedAt, funds.changedAt ?? 0),
    knownAt: balance.knownAt,
  }
}

function byChain(members: readonly Member[]): ReadonlyMap<ChainId, readonly number[]> {
  const chains = new Map<ChainId, number[]>()
  for (const [index, { chain }] of members.entries()) {
    const indexes = chains.get(chain) ?? []
    chains.set(chain, indexes)
    indexes.push(index)
  }
  return chains
}
