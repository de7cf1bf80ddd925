import { NO_ITEM } from '../core/asset.ts'
import { atMost } from '../core/at-most.ts'
import type { ChainId } from '../core/chain.ts'
import { isServiceError } from '../core/errors.ts'
import type { FamilyAddress } from '../store/seam/custody.ts'
import type { Tokens } from '../tokens/tokens.ts'
import type { BulkReader } from './bulk-reader.ts'
import { type CustodyChain, type CustodyChains, ifOpen, type OpenCustodyChain } from './chains.ts'
import { LISTED_STANDARDS, type Membership } from './membership.ts'
import type { WatchedAddresses } from './watched-addresses.ts'

/** How long a caller waits for a forced read, in milliseconds: shorter than the deadline of a request. */
const WAIT_MS = 4_000
/** The same for a chain whose last forced read failed a short time ago. */
const WAIT_AFTER_FAILURE_MS = 500
/** How long a failure is remembered, in seconds. */
const FAILURE_SECONDS = 5
/** How long the caller who watches a new address waits for its first balances, in milliseconds. */
const FIRST_READ_MS = 2_000
/** Most assets of an address that one refresh reads. */
const MAX_ASSETS = 500

/** The dependencies of `Refresher`. `now`: Unix seconds. */
export type RefresherDeps = {
  readonly chains: CustodyChains
  readonly watched: WatchedAddresses
  readonly membership: Membership
  readonly reader: BulkReader
  readonly tokens: Tokens
  readonly now: () => number
}

/** Reads the balances of one address from the chains, for a caller who waits a limited time. */
export class Refresher {
  readonly #deps: RefresherDeps
  readonly #underWay = new Map<string, Promise<boolean>>()
  readonly #failedAt = new Map<ChainId, number>()

  constructor(deps: RefresherDeps) {
    this.#deps = deps
  }

  /** Reads all balances of addresses anew, on one chain if it is given. What cannot be read in time stays as it was stored. */
  async refresh(addresses: readonly FamilyAddress[], only: ChainId | undefined): Promise<void> {
    const { now } = this.#deps
    await Promise.all(
      addresses.flatMap(({ family, address }) =>
        this.#chainsOf(family, only).map((chain) => {
          const failedAt = this.#failedAt.get(chain.id)
          const hasFailed = failedAt !== undefined && now() - failedAt < FAILURE_SECONDS
          return atMost(hasFailed ? WAIT_AFTER_FAILURE_MS : WAIT_MS, this.#readOnce(chain, address))
        }),
      ),
    )
  }

  /** Follows a new address, lists what it holds, and reads its native assets for the first time. */
  async watched({ family, address }: FamilyAddress): Promise<void> {
    const { membership } = this.#deps
    const chains = this.#chainsOf(family, undefined)
    for (const chain of chains) chain.follow(address)
    await this.#deps.watched.load()
    await membership.compare({ family, address })
    await Promise.all(chains.map((chain) => atMost(FIRST_READ_MS, this.#readOnce(chain, address))))
  }

  #chainsOf(family: FamilyAddress['family'], only: ChainId | undefined): readonly CustodyChain[] {
    return this.#deps.chains.ofFamily(family).filter(({ id, isOwn }) => !isOwn && (only === undefined || id === only))
  }

  /** Equal reads under way are shared. */
  #readOnce(chain: CustodyChain, address: string): Promise<boolean> {
    const name = `${chain.id}/${address}`
    const known = this.#underWay.get(name)
    if (known !== undefined) return known
    const reading = this.#read(chain, address).finally(() => this.#underWay.delete(name))
    this.#underWay.set(name, reading)
    return reading
  }

  async #read(chain: CustodyChain, address: string): Promise<boolean> {
    const isRead = await ifOpen(chain, async (open) => {
      const { nativeAsset } = chain
      const native = nativeAsset === undefined ? [] : [{ account: address, asset: nativeAsset, item: NO_ITEM }]
      if (native.length > 0 && !(await open.funds.read(native, 'anew')).hasAnswered) return false
      const tokens = await this.#tokens(open, address)
      await open.funds.read(tokens, 'anew')
      const { rows } = await open.funds.of([...native, ...tokens])
      const unproven = [...native, ...tokens].filter((_, index) => rows[index]?.isProven !== true)
      await open.funds.read(unproven, 'finalized')
      this.#deps.reader.want(chain, unproven)
      await this.#deps.membership.compare({ family: chain.family, address })
      if (nativeAsset !== undefined) await this.#deps.tokens.get(chain.id, [nativeAsset], { read: true })
      return true
    })
    if (isRead === true) this.#failedAt.delete(chain.id)
    else this.#failedAt.set(chain.id, this.#deps.now())
    return isRead === true
  }

  /** The fungible tokens of an address, found anew where nodes can be asked what it holds. */
  async #tokens({ balances, reads }: OpenCustodyChain, account: string) {
    const query = { account, standards: LISTED_STANDARDS, receivedOnly: false, offset: 0, limit: MAX_ASSETS }
    const assets = await this.#listed(() =>
      balances.account({ ...query, freshness: { mode: 'force' }, partial: true, unknownRows: true }),
    )
    const held = assets ?? (await reads.account({ ...query, assets: undefined })).rows.map(({ asset }) => asset.asset)
    return held.map((asset) => ({ account, asset, item: NO_ITEM }))
  }

  /** Undefined if the list is refused, such as one outside the scope. */
  async #listed(list: () => ReturnType<OpenCustodyChain['balances']['account']>) {
    try {
      return (await list()).rows.map(({ asset }) => asset)
    } catch (error) {
      if (!isServiceError(error)) throw error
      return undefined
    }
  }
}
