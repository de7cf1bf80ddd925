import { setTimeout as sleep } from 'node:timers/promises'
import { type AssetRef, assetKey } from '../core/asset.ts'
import { type BlockRef, sameBlock } from '../core/block.ts'
import type { ChainId } from '../core/chain.ts'
import { isFungible, STANDARDS } from '../core/standards.ts'
import type { ChainClock } from '../store/seam/chain-clock.ts'
import type { FamilyAddress, Meeting, MemberStore } from '../store/seam/custody.ts'
import type { ChainReads } from '../store/seam/store.ts'
import { type CustodyChain, type CustodyChains, ifOpen } from './chains.ts'
import type { VendorIds } from './custody.ts'
import type { WatchedAddresses } from './watched-addresses.ts'

/** The standards of assets that are listed. */
export const LISTED_STANDARDS = STANDARDS.filter(isFungible)

/** Most transfers of new blocks that one step looks at, some 10 ms. After more, all addresses are compared instead. */
const MAX_NEW_TRANSFERS = 5_000
/** Assets of an address that are read at once. */
const ASSETS_AT_ONCE = 500
/** Addresses that are compared in one tick of the event loop: a few milliseconds. */
const COMPARED_AT_ONCE = 10
/** The pause after each tick of comparing, as a multiple of its time: callers get most of the thread. */
const PAUSE_SHARE = 2

/** The dependencies of `Membership`. `now`: Unix seconds. */
export type MembershipDeps = {
  readonly members: MemberStore
  readonly watched: WatchedAddresses
  readonly chains: CustodyChains
  readonly ids: Pick<VendorIds, 'ofAssets'>
  readonly now: () => number
}

/**
 * How far a chain's journal was looked at. `coverage`: the object of that clock. `compared`: how many of the watched addresses were
 * compared with the journal.
 */
type Mark = {
  readonly block: BlockRef
  readonly revision: number
  readonly coverage: ChainClock['coverage']
  readonly compared: number
}

/**
 * Keeps the index of what is listed equal to what watched addresses met in the journals. It stores no progress: at the start, and
 * whenever history may have changed, all addresses are compared; otherwise the transfers of new blocks are looked at.
 */
export class Membership {
  readonly #deps: MembershipDeps
  readonly #marks = new Map<ChainId, Mark>()
  readonly #comparing = new Map<ChainId, Promise<void>>()

  constructor(deps: MembershipDeps) {
    this.#deps = deps
  }

  /** Lists what one address met on the chains of its family, and their native assets. */
  async compare({ family, address }: FamilyAddress): Promise<void> {
    for (const chain of this.#deps.chains.ofFamily(family)) {
      const isDone = await ifOpen(chain, async ({ reads }) =>
        this.#add(chain, await this.#missing(chain, reads, address)).then(() => true),
      )
      // A stopped chain has no journal to look at, but its native asset is listed.
      if (isDone === undefined) await this.#add(chain, nativeOf(chain, address))
    }
  }

  /** Looks at the new blocks of a chain, unless all addresses are to be compared: that is for `catchUp`. */
  async lookAtNew(chain: CustodyChain): Promise<void> {
    await ifOpen(chain, async ({ reads }) => {
      const clock = await reads.clock()
      const mark = this.#marks.get(chain.id)
      if (mark === undefined || isOutdated(mark, clock)) return
      await this.#lookAtNew({ chain, reads, clock, mark })
    })
  }

  /**
   * Makes the index equal to the chain's journal. It may take some time if all addresses are to be compared.
   * @throws STORE_UNAVAILABLE and similar codes: it goes on with the next call
   */
  async catchUp(chain: CustodyChain, signal: AbortSignal): Promise<void> {
    await this.#deps.watched.load()
    await this.lookAtNew(chain)
    const { reads } = chain.use()
    const clock = await reads.clock()
    const mark = this.#marks.get(chain.id)
    const isCurrent = mark !== undefined && !isOutdated(mark, clock)
    if (clock.published === undefined || (isCurrent && mark.compared >= this.#deps.watched.of(chain.family).length))
      return
    const from = isCurrent ? mark.compared : 0
    // Two walks at once would compare the same addresses twice.
    const known = this.#comparing.get(chain.id)
    const comparing = known ?? this.#compareFrom(from, { chain, reads, clock }, signal)
    if (known === undefined) this.#comparing.set(chain.id, comparing)
    await comparing.finally(() => this.#comparing.delete(chain.id))
  }

  /** Compares the addresses from an index on. A block that comes meanwhile is looked at afterwards. */
  async #compareFrom(from: number, { chain, reads, clock }: Omit<Look, 'mark'>, signal: AbortSignal): Promise<void> {
    const { published, revision, coverage } = clock
    const addresses = this.#deps.watched.of(chain.family)
    let compared = from
    while (compared < addresses.length) {
      if (signal.aborted) return
      const began = performance.now()
      const part = addresses.slice(compared, compared + COMPARED_AT_ONCE)
      const missing = await Promise.all(part.map((address) => this.#missing(chain, reads, address)))
      await this.#add(chain, missing.flat())
      compared += part.length
      await sleep(PAUSE_SHARE * (performance.now() - began))
    }
    if (published !== undefined) this.#marks.set(chain.id, { block: published, revision, coverage, compared })
  }

  async #lookAtNew({ chain, reads, clock, mark }: Look): Promise<void> {
    const { published, finalized } = clock
    if (published === undefined || sameBlock(published, mark.block)) return
    const [status] = await reads.locate([mark.block])
    // The blocks that were looked at may be replaced: what is final is not.
    const isOurs = status?.branch === 'ours' && mark.block.number <= published.number
    const after = isOurs ? mark.block.number : Math.min(mark.block.number, finalized?.number ?? -1)
    const met = await reads.pairs.met({ after, through: published.number, limit: MAX_NEW_TRANSFERS })
    if (met === undefined) {
      this.#marks.delete(chain.id)
      return
    }
    const { watched } = this.#deps
    const pairs = new Map(
      met.flatMap(({ account, asset }) =>
        watched.has(chain.family, account) ? [[`${account}/${assetKey(asset)}`, meeting(chain, account, asset)]] : [],
      ),
    )
    await this.#add(chain, [...pairs.values()])
    this.#marks.set(chain.id, { ...mark, block: published })
  }

  /** What an address met on a chain and is not listed in every wallet that watches it. */
  async #missing(chain: CustodyChain, reads: ChainReads, address: string): Promise<readonly Meeting[]> {
    const { family, id } = chain
    const listed = new Set((await this.#deps.members.listed({ family, address, chain: id })).map(assetKey))
    const met = [...nativeOf(chain, address)]
    for (const asset of await reads.observations.heldBy(address)) met.push(meeting(chain, address, asset))
    for (let offset = 0; ; offset += ASSETS_AT_ONCE) {
      const query = { account: address, standards: LISTED_STANDARDS, receivedOnly: false, assets: undefined }
      const { rows, count } = await reads.account({ ...query, offset, limit: ASSETS_AT_ONCE })
      for (const { asset } of rows) met.push(meeting(chain, address, asset.asset))
      if (offset + ASSETS_AT_ONCE >= count) break
    }
    // Usually nothing is new, and nothing is written then.
    return met.filter(({ asset }) => isFungible(asset.standard) && !listed.has(assetKey(asset)))
  }

  async #add(chain: CustodyChain, meetings: readonly Meeting[]): Promise<void> {
    if (meetings.length === 0) return
    const added = await this.#deps.members.add(meetings, this.#deps.now())
    if (added === 0) return
    // From now on the vendor's id of the asset leads to it.
    const assets = new Map(meetings.map(({ asset }) => [assetKey(asset), { chain: chain.id, asset }]))
    await this.#deps.ids.ofAssets([...assets.values()])
  }
}

type Look = {
  readonly chain: CustodyChain
  readonly reads: ChainReads
  readonly clock: ChainClock
  readonly mark: Mark
}

/** True if blocks that were looked at may have other transfers now, or accounts more of them. */
function isOutdated(mark: Mark, { revision, coverage }: ChainClock): boolean {
  return mark.revision !== revision || mark.coverage !== coverage
}

function nativeOf(chain: CustodyChain, address: string): readonly Meeting[] {
  return chain.nativeAsset === undefined ? [] : [meeting(chain, address, chain.nativeAsset)]
}

function meeting({ family, id }: CustodyChain, address: string, asset: AssetRef): Meeting {
  return { family, address, chain: id, asset }
}
