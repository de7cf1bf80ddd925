import { type AssetRef, assetKey, NO_ITEM } from '../core/asset.ts'
import type { BalanceKey } from '../core/balance.ts'
import { type BlockRef, sameBlock } from '../core/block.ts'
import type { ChainId } from '../core/chain.ts'
import { STANDARD_RULES } from '../core/standards.ts'
import type { ChainClock } from '../store/seam/chain-clock.ts'
import type { MemberStore } from '../store/seam/custody.ts'
import type { CustodyChain, OpenCustodyChain } from './chains.ts'
import type { WatchedAddresses } from './watched-addresses.ts'

/** Most balances that are read for one new block, each at the newest and at the finalized block: a few calls of a node. */
const READS_PER_HEAD = 2_000
/** Balances that are read together. */
const READS_AT_ONCE = 500
/** Most balances that callers wanted and the journal did not prove, kept to be read at each new block. */
const MAX_WANTED = 5_000
/** Most balances of which the last finalized block that was read is remembered. */
const MAX_FINAL_KEPT = 100_000
/** How long a wanted balance is read after it was last wanted, in seconds. */
const WANTED_SECONDS = 60
/** Pause of a chain after a round in which no node answered, in seconds. */
const FAILURE_PAUSE_SECONDS = 5

/** The dependencies of `BulkReader`. `now`: Unix seconds. */
export type BulkReaderDeps = {
  readonly members: MemberStore
  readonly watched: WatchedAddresses
  readonly now: () => number
}

/** Where the walk over a chain's balances is: before the address `index`, or behind the row `after` of an asset. */
type Place = { readonly index: number } | { readonly asset: number; readonly after: number }

type State = {
  place: Place
  /** The newest block at the last complete walk. */
  done: BlockRef | undefined
  pausedUntil: number
  readonly wanted: Map<string, { readonly key: BalanceKey; readonly until: number }>
  /** The number of the finalized block at which a balance was last read. */
  readonly finalRead: Map<string, number>
}

/**
 * Reads what no journal proves: native assets, and tokens that only reads tell, at the newest and at the finalized block of each
 * new head. The walk continues where the budget of a head ended.
 */
export class BulkReader {
  readonly #deps: BulkReaderDeps
  readonly #states = new Map<ChainId, State>()

  constructor(deps: BulkReaderDeps) {
    this.#deps = deps
  }

  /** Notes balances that the journal does not prove, so that they are read from now on. */
  want(chain: CustodyChain, keys: readonly BalanceKey[]): void {
    if (chain.isOwn) return
    const { wanted } = this.#stateOf(chain.id)
    const until = this.#deps.now() + WANTED_SECONDS
    for (const key of keys) {
      if (wanted.size >= MAX_WANTED && !wanted.has(nameOf(key))) return
      wanted.set(nameOf(key), { key, until })
    }
  }

  /**
   * Reads for the newest block of a chain, unless that was done.
   * @throws STORE_UNAVAILABLE and similar codes
   */
  async round(chain: CustodyChain, signal: AbortSignal): Promise<void> {
    const state = this.#stateOf(chain.id)
    if (chain.isOwn || state.pausedUntil > this.#deps.now()) return
    const open = chain.use()
    const clock = await open.reads.clock()
    const head = clock.head ?? clock.published
    if (head === undefined) return
    const wanted = this.#takeWanted(state)
    const isDone = state.done !== undefined && sameBlock(state.done, head)
    if (wanted.length > 0 && !(await this.#read({ open, clock, state }, wanted))) return
    if (isDone) return
    const assets = await this.#assetsToRead(chain, open, clock)
    for (let left = READS_PER_HEAD; left > 0 && !signal.aborted; ) {
      const { keys, next } = await this.#next(chain, assets, state.place)
      if (keys.length > 0 && !(await this.#read({ open, clock, state }, keys))) return
      left -= Math.max(1, keys.length)
      state.place = next ?? FIRST
      if (next === undefined) break
    }
    state.done = head
  }

  /** False if no node answered. */
  async #read({ open, clock, state }: Reading, keys: readonly BalanceKey[]): Promise<boolean> {
    if (!(await open.funds.read(keys, 'newest')).hasAnswered) {
      state.pausedUntil = this.#deps.now() + FAILURE_PAUSE_SECONDS
      return false
    }
    const finalized = clock.finalized?.number
    if (finalized === undefined) return true
    const due = keys.filter((key) => state.finalRead.get(nameOf(key)) !== finalized)
    const { read } = await open.funds.read(due, 'finalized')
    if (state.finalRead.size + read.length > MAX_FINAL_KEPT) state.finalRead.clear()
    for (const key of read) state.finalRead.set(nameOf(key), finalized)
    return true
  }

  #takeWanted(state: State): readonly BalanceKey[] {
    const now = this.#deps.now()
    for (const [name, { until }] of state.wanted) if (until < now) state.wanted.delete(name)
    return [...state.wanted.values()].slice(0, READS_AT_ONCE).map(({ key }) => key)
  }

  /** The tokens of the chain that are listed and that only reads tell. */
  async #assetsToRead(
    chain: CustodyChain,
    { reads }: OpenCustodyChain,
    clock: ChainClock,
  ): Promise<readonly AssetRef[]> {
    const listed = await this.#deps.members.assets(chain.id)
    const stored = await Promise.all(listed.map((asset) => reads.asset(asset)))
    return listed.filter((asset, index) => {
      if (!STANDARD_RULES[asset.standard].isToken) return false
      const known = stored[index]
      return clock.inDoubt || known === undefined || known.accounting === 'reads' || known.inDoubt || known.unreadable
    })
  }

  /** The next balances to read, and the place behind them; undefined at the end. */
  async #next(chain: CustodyChain, assets: readonly AssetRef[], place: Place): Promise<Next> {
    if ('index' in place) {
      const addresses = this.#deps.watched.of(chain.family)
      const { nativeAsset } = chain
      const part = nativeAsset === undefined ? [] : addresses.slice(place.index, place.index + READS_AT_ONCE)
      const keys = part.flatMap((account) => (nativeAsset === undefined ? [] : [keyOf(account, nativeAsset)]))
      const index = place.index + part.length
      return { keys, next: part.length > 0 && index < addresses.length ? { index } : { asset: 0, after: 0 } }
    }
    const asset = assets[place.asset]
    if (asset === undefined) return { keys: [], next: undefined }
    const rows = await this.#deps.members.having({ chain: chain.id, asset, after: place.after, limit: READS_AT_ONCE })
    const accounts = new Set(rows.map(({ address }) => address))
    const last = rows.at(-1)
    const isLast = last === undefined || rows.length < READS_AT_ONCE
    const next = isLast ? { asset: place.asset + 1, after: 0 } : { asset: place.asset, after: last.row }
    return { keys: [...accounts].map((account) => keyOf(account, asset)), next }
  }

  #stateOf(chain: ChainId): State {
    const known = this.#states.get(chain)
    if (known !== undefined) return known
    const state: State = { place: FIRST, done: undefined, pausedUntil: 0, wanted: new Map(), finalRead: new Map() }
    this.#states.set(chain, state)
    return state
  }
}

type Next = { readonly keys: readonly BalanceKey[]; readonly next: Place | undefined }
type Reading = { readonly open: OpenCustodyChain; readonly clock: ChainClock; readonly state: State }

const FIRST: Place = { index: 0 }

function keyOf(account: string, asset: AssetRef): BalanceKey {
  return { account, asset, item: NO_ITEM }
}

function nameOf({ account, asset }: BalanceKey): string {
  return `${account}/${assetKey(asset)}`
}
