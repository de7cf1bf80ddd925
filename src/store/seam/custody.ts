import type { AssetRef } from '../../core/asset.ts'
import type { ChainId, Kind } from '../../core/chain.ts'
import type { Hold, Page, PageRequest, Principal, RowKey, Wallet, WatchedAddress } from '../../core/custody.ts'

/** Custody data, in the authoritative file. Times are Unix seconds. Every method is one transaction. */
export interface CustodyStore {
  readonly wallets: WalletStore
  readonly addresses: AddressStore
  readonly members: MemberStore
  readonly holds: HoldStore
  readonly ids: VendorIdStore
}

/** A request about one wallet of a principal. */
export type OfWallet = { readonly principal: Principal; readonly wallet: string }

/** Wallets, in the order in which they were added. Commits are on disk when a method resolves. */
export interface WalletStore {
  /** Returns false, and adds nothing, if the principal has `max` wallets. */
  add(wallet: Wallet, max: number): Promise<boolean>
  get(of: OfWallet): Promise<Wallet | undefined>
  page(query: {
    readonly principal: Principal
    readonly includeArchived: boolean
    readonly page: PageRequest<RowKey>
  }): Promise<Page<Wallet, RowKey>>
  /** Replaces what is given. Returns the wallet as it is then; undefined if there is none. */
  update(
    of: OfWallet,
    changes: Partial<Pick<Wallet, 'name' | 'status' | 'metadata'>> & { readonly updatedAt: number },
  ): Promise<Wallet | undefined>
}

/** An address of a family of chains. */
export type FamilyAddress = { readonly family: Kind; readonly address: string }

/** An address to add to a wallet. `max`: most addresses of the wallet. */
export type NewAddress = OfWallet & { readonly family: Kind; readonly at: number; readonly max: number }

/** The outcome of adding an address. `full`: the wallet has `max` addresses. `none`: there is no address to add. */
export type AddedAddress = WatchedAddress | 'full' | 'none' | undefined

/** The addresses that wallets watch. Commits are on disk when a method resolves. */
export interface AddressStore {
  /** Adds an address, or returns the one that is there. Undefined if there is no such wallet. */
  add(added: NewAddress & { readonly address: string }): Promise<AddedAddress>
  /**
   * Adds the address that `addressAt` returns for the lowest index above those derived before, skipping addresses that the
   * wallet watches already. `addressAt`: pure; undefined if it has no address for the index.
   */
  addNext(added: NewAddress & { readonly addressAt: (index: number) => string | undefined }): Promise<AddedAddress>
  /** In the order in which they were added. */
  page(query: OfWallet & { readonly page: PageRequest<RowKey> }): Promise<Page<WatchedAddress, RowKey> | undefined>
  /** Addresses that any principal watches, with a key above `after`, each once for a principal. */
  since(query: {
    readonly after: RowKey
    readonly limit: number
  }): Promise<readonly (FamilyAddress & { row: RowKey })[]>
}

/** An asset that an address has met on a chain. */
export type Meeting = FamilyAddress & { readonly chain: ChainId; readonly asset: AssetRef }

/**
 * A row of the list of balances: a wallet's address and an asset that it met. `locked`: the sum of the principal's active holds
 * on it, in base units. `changedAt`: when the row was added or a hold on it last changed.
 */
export type Member = Meeting & {
  readonly row: RowKey
  readonly wallet: string
  readonly locked: bigint
  readonly changedAt: number
}

/** Which members: those that match every given filter. `addresses`: one of these. */
export type MemberFilter = {
  readonly principal: Principal
  readonly wallet?: string | undefined
  readonly chain?: ChainId | undefined
  readonly addresses?: readonly FamilyAddress[] | undefined
  readonly asset?: AssetRef | undefined
}

/**
 * The append-only index of what is listed: a row for each wallet, address and asset. It holds no amounts. Rows are numbered in
 * the order in which they were added, and never change.
 */
export interface MemberStore {
  /** Adds the missing rows of every wallet that watches such an address. Returns how many there were. */
  add(meetings: readonly Meeting[], at: number): Promise<number>
  /** The assets of a chain that every wallet lists which watches the address. */
  listed(of: FamilyAddress & { readonly chain: ChainId }): Promise<readonly AssetRef[]>
  /** Up to `limit` rows with a key above `after`, ascending; or below `before`, descending. */
  rows(
    filter: MemberFilter,
    bounds: { readonly limit: number } & ({ readonly after: RowKey } | { readonly before: RowKey }),
  ): Promise<readonly Member[]>
  /** How many rows match, and the key of the last one before the offset, which is at most the number of rows. */
  count(filter: MemberFilter, offset: bigint): Promise<{ readonly total: number; readonly after: RowKey }>
  /** The assets of a chain that any address met. */
  assets(chain: ChainId): Promise<readonly AssetRef[]>
  /** Addresses that met an asset, in the order of their rows. */
  having(query: {
    readonly chain: ChainId
    readonly asset: AssetRef
    readonly after: RowKey
    readonly limit: number
  }): Promise<readonly { readonly row: RowKey; readonly address: string }[]>
}

/**
 * The outcome of placing a hold. `placed`: it is there now, or was placed before by the same request. `other`: the request id
 * was used with other content. `short`: the amount is more than what is left; `left` is in base units. `full`: the address has
 * `maxActive` active holds on the asset.
 */
export type PlacedHold =
  | { readonly outcome: 'placed'; readonly hold: Hold }
  | { readonly outcome: 'other' | 'full' }
  | { readonly outcome: 'short'; readonly left: bigint }
  | undefined

/** Amounts that are set aside. Commits are on disk when a method resolves. */
export interface HoldStore {
  /**
   * Adds a hold if the principal's active holds on the address and asset leave that much of `available`. The sum and the new
   * row are of one transaction, so concurrent holds never exceed it. Undefined if the wallet does not watch the address.
   */
  place(placed: {
    readonly principal: Principal
    readonly hold: Omit<Hold, 'status' | 'releasedAt'>
    readonly available: bigint
    readonly maxActive: number
  }): Promise<PlacedHold>
  /** The hold with this request id; undefined if there is none. */
  byRequest(principal: Principal, requestId: string): Promise<Hold | undefined>
  get(of: OfWallet, id: string): Promise<Hold | undefined>
  /** Releases a hold. The first time is kept. */
  release(of: OfWallet, id: string, at: number): Promise<Hold | undefined>
}

/** An asset and its chain. */
export type StoredChainAsset = { readonly chain: ChainId; readonly asset: AssetRef }

/** The vendor's ids. An id is given once and never changes; no two chains, and no two assets, have the same one. */
export interface VendorIdStore {
  /** The ids in the order of the chains. Gives the first free candidate to a chain without one. */
  ofChains(
    chains: readonly { readonly chain: ChainId; readonly candidates: () => Iterable<string> }[],
  ): Promise<readonly string[]>
  /** The same for assets. */
  ofAssets(
    assets: readonly (StoredChainAsset & { readonly candidates: () => Iterable<string> })[],
  ): Promise<readonly string[]>
  asset(id: string): Promise<StoredChainAsset | undefined>
}
