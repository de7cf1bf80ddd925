import type { AsOf } from '../balances/as-of.ts'
import type { AssetRef } from '../core/asset.ts'
import type { ChainId, Kind } from '../core/chain.ts'
import type {
  Hold,
  Page,
  PageRequest,
  Principal,
  RowKey,
  TransactionKey,
  Wallet,
  WalletStatus,
  WalletType,
  WatchedAddress,
} from '../core/custody.ts'
import type { StoredTransfer } from '../store/seam/chain-clock.ts'

/** Custody wallets. A wallet of another principal is undefined, as if it did not exist. `wallet`: its uuid. */
export interface Wallets {
  /** @throws BAD_REQUEST the metadata is no JSON object or too long, or the principal has the most wallets allowed */
  create(request: {
    readonly principal: Principal
    readonly type: WalletType
    readonly name: string
    /** Text of a JSON object; undefined: an empty one. */
    readonly metadata?: string | undefined
  }): Promise<Wallet>
  get(request: { readonly principal: Principal; readonly wallet: string }): Promise<Wallet | undefined>
  /** In the order of creation. */
  list(request: {
    readonly principal: Principal
    readonly includeArchived: boolean
    readonly page: PageRequest<RowKey>
  }): Promise<Page<Wallet, RowKey>>
  /** Changes what is given. Returns the wallet as it is then. @throws BAD_REQUEST as `create` */
  update(request: {
    readonly principal: Principal
    readonly wallet: string
    readonly name?: string | undefined
    readonly status?: WalletStatus | undefined
    readonly metadata?: string | undefined
  }): Promise<Wallet | undefined>
}

/** A request about one wallet. */
type OfWallet = { readonly principal: Principal; readonly wallet: string }

/** The addresses of wallets. Every method returns undefined if the principal has no such wallet. */
export interface Addresses {
  /**
   * Watches an address on every configured chain of the family, and requests that the chains follow it. Repeating it changes
   * nothing and returns the same row. Several wallets may watch one address.
   * @throws BAD_REQUEST the text is no address of the family, no chain of the family is configured, the wallet is archived, or it
   * has the most addresses allowed
   */
  watch(request: OfWallet & { readonly family: Kind; readonly address: string }): Promise<WatchedAddress | undefined>
  /**
   * Derives the wallet's next address from the extended public key `xpub` of its metadata, and watches it. Concurrent calls
   * get different addresses.
   * @throws BAD_REQUEST as `watch`, or the wallet has no valid xpub, or the family derives no addresses
   */
  deriveNext(request: OfWallet & { readonly family: Kind }): Promise<WatchedAddress | undefined>
  /** In the order in which they were added. */
  list(request: OfWallet & { readonly page: PageRequest<RowKey> }): Promise<Page<WatchedAddress, RowKey> | undefined>
}

/**
 * Amounts that are set aside. They lock coins of the address: if several wallets of a principal watch it, the hold counts in
 * each of them. Every commit is on disk before its answer.
 */
export interface Holds {
  /**
   * Sets an amount aside, at most the spendable one. Idempotent by `requestId`: a repeat returns the first hold, also once that
   * is released. Undefined if the principal has no such wallet, or the wallet does not watch the address.
   * @throws BAD_REQUEST the request id was used with other content; PARAMETER_INVALID the amount is not positive or is
   * more than the spendable one; BALANCE_UNKNOWN the balance is not known
   */
  place(
    request: OfWallet & {
      readonly chain: ChainId
      /** In any usual form. */
      readonly address: string
      readonly asset: AssetRef
      readonly amount: bigint
      readonly requestId: string
    },
  ): Promise<Hold | undefined>
  /**
   * The decimals of an asset of which a wallet has a balance, known or not. Undefined if the principal has no such wallet, or the
   * wallet does not watch the address, or that never met the asset. @throws BALANCE_UNKNOWN the decimals are not known
   */
  decimals(
    request: OfWallet & { readonly chain: ChainId; readonly address: string; readonly asset: AssetRef },
  ): Promise<number | undefined>
  /** Releases a hold; a repeat changes nothing. Undefined if the wallet has no such hold. */
  release(request: OfWallet & { readonly id: string }): Promise<Hold | undefined>
  get(request: OfWallet & { readonly id: string }): Promise<Hold | undefined>
}

/**
 * The balance of an asset at an address of a wallet. Amounts are base units. With m the least of the finalized amount and all
 * amounts after later events: `spendable` = max(0, m − locked), `pending` = total − m, `locked` = active holds, `total` = the
 * newest amount. They add up unless locked > m, where spendable is 0.
 */
export type CustodyBalance = {
  readonly wallet: string
  readonly chain: ChainId
  readonly family: Kind
  readonly address: string
  readonly asset: AssetRef
  readonly decimals: number
  readonly spendable: bigint
  readonly pending: bigint
  readonly locked: bigint
  readonly total: bigint
  /** When the row last changed, in Unix seconds. */
  readonly rowUpdatedAt: number
  /** When the total was last known true on the chain, in Unix seconds. */
  readonly knownAt: number
}

/** Which rows: those that match every given filter. An unknown wallet, or one of another principal, matches nothing. */
export type CustodyFilter = {
  readonly principal: Principal
  readonly wallet?: string | undefined
  readonly chain?: ChainId | undefined
  /** In any usual form of any kind of chain: every canonical form of it matches. */
  readonly address?: string | undefined
  /** Only together with `chain`: assets are named within one. */
  readonly asset?: AssetRef | undefined
}

/** What the rows of one chain guarantee. `asOf` undefined: no block is known. `complete` is in it, and false without it. */
export type ChainAsOf = { readonly chain: ChainId; readonly asOf: AsOf | undefined }

/** A page of balances. `asOf`: one entry for each chain that has rows here, or whose rows were left out as unknown. */
export type BalancePage = Page<CustodyBalance, RowKey> & { readonly asOf: readonly ChainAsOf[] }

/** A transfer from or to a watched address, once for each wallet and address that takes part. */
export type CustodyTransaction = {
  readonly wallet: string
  readonly chain: ChainId
  /** The watched address: the sender or the receiver. */
  readonly address: string
  readonly decimals: number
  readonly transfer: StoredTransfer
  /** True once the block is final. */
  readonly isConfirmed: boolean
}

/** A page of transactions. `asOf` as for balances. */
export type TransactionPage = Page<CustodyTransaction, TransactionKey> & { readonly asOf: readonly ChainAsOf[] }

/**
 * The vendor's ids of chains and assets. An id is given once, at the first question or when an address first meets the
 * asset; it is stored, unique, and never changes. `createCustody` gets the rule by which ids are proposed.
 */
export interface VendorIds {
  ofChain(chain: ChainId): Promise<string>
  /** The ids in the order of the assets. */
  ofAssets(assets: readonly ChainAsset[]): Promise<readonly string[]>
  /** Undefined if no asset has the id. */
  asset(id: string): Promise<ChainAsset | undefined>
}

/** An asset and its chain. */
export type ChainAsset = { readonly chain: ChainId; readonly asset: AssetRef }

/**
 * Proposes the vendor's ids, the preferred one first. The last one should be unique by its form, such as `ETH_0x…`; if every
 * one is taken, a number is appended to it.
 */
export type VendorNames = {
  readonly ofChain: (chain: ChainId) => readonly string[]
  readonly ofAsset: (asset: ChainAsset) => readonly string[]
}

/** Custody over all configured chains. Everything is scoped to a principal. */
export interface Custody {
  readonly wallets: Wallets
  readonly addresses: Addresses
  readonly holds: Holds
  readonly ids: VendorIds
  /**
   * Balances of fungible assets: a row for each asset that an address ever met, and for the native asset of each chain of its
   * family. Rows of unknown amount or decimals are left out, and the chain's `complete` is false then. Pages are full but for the
   * last. `refresh`: with `address`, its balances are first read from the chains; if that fails, the stored ones are answered.
   */
  balances(
    request: CustodyFilter & { readonly page: PageRequest<RowKey>; readonly refresh?: boolean },
  ): Promise<BalancePage>
  /**
   * Transfers of the same addresses and assets, ordered by address and asset as in the list of balances, then as on the chain. An
   * offset is not supported. Native assets have none: their transfers are no events.
   * @throws BAD_REQUEST the request has an offset
   */
  transactions(request: CustodyFilter & { readonly page: PageRequest<TransactionKey> }): Promise<TransactionPage>
}
