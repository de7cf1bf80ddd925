import type { AssetRef } from './asset.ts'
import type { ChainId, Kind } from './chain.ts'

/** The owner of custody data: the principal of a key. Nobody sees the data of another principal. */
export type Principal = string

/** Longest name of a wallet, in characters. It fits a line of a list. */
export const MAX_WALLET_NAME_CHARACTERS = 100
/** Longest id that a caller gives to a request, in characters. */
export const MAX_REQUEST_ID_CHARACTERS = 128

/** The types of custody wallets. */
export const WALLET_TYPES = ['Custodial', 'MPC'] as const
/** The type of a custody wallet. It changes nothing here: no wallet holds private keys. */
export type WalletType = (typeof WALLET_TYPES)[number]

/** The states of custody wallets. */
export const WALLET_STATUSES = ['preparing', 'active', 'archived'] as const
/** The state of a custody wallet. A new one is `active`. */
export type WalletStatus = (typeof WALLET_STATUSES)[number]

/**
 * A wallet: a named group of addresses of one principal. `uuid`: lower case. `metadata`: the text of a JSON object, as its
 * owner wrote it, so that its numbers keep their digits. Times are Unix seconds.
 */
export type Wallet = {
  readonly uuid: string
  readonly principal: Principal
  readonly type: WalletType
  readonly name: string
  readonly status: WalletStatus
  readonly metadata: string
  readonly createdAt: number
  readonly updatedAt: number
}

/**
 * An address that a wallet watches, on every configured chain of its family. `address`: canonical. `derivationIndex`: its
 * index below the wallet's extended public key; undefined if it was given. Times are Unix seconds.
 */
export type WatchedAddress = {
  readonly wallet: string
  readonly family: Kind
  readonly address: string
  readonly derivationIndex: number | undefined
  readonly createdAt: number
}

/**
 * An amount in base units that is set aside: it is not spendable until the hold is released. `id`: a lower-case uuid.
 * `requestId`: the caller's own id, unique for the principal. Times are Unix seconds.
 */
export type Hold = {
  readonly id: string
  readonly wallet: string
  readonly chain: ChainId
  readonly address: string
  readonly asset: AssetRef
  readonly amount: bigint
  readonly requestId: string
  readonly status: 'active' | 'released'
  readonly createdAt: number
  readonly releasedAt: number | undefined
}

/**
 * The place of a row in the order in which such rows were added: at least 1, unique for the table, and never changed or
 * used again. Pages are ordered by it, so they neither repeat nor skip rows while others are added.
 */
export type RowKey = number

/** The place of a transfer in the list of transactions: the row of its address and asset, then its place on the chain. */
export type TransactionKey = {
  readonly row: RowKey
  readonly block: number
  readonly event: number
  readonly part: number
}

/**
 * Which page of a list: the rows after a key, the rows just before a key, or (deprecated by the vendor) those from an offset
 * on. Neither: the first page. Rows ascend in each case. `limit` is at least 1. An offset of any size is allowed.
 */
export type PageRequest<Key> = { readonly limit: number } & (
  | { readonly after?: Key; readonly before?: undefined; readonly offset?: undefined }
  | { readonly before: Key; readonly after?: undefined; readonly offset?: undefined }
  | { readonly offset: bigint; readonly after?: undefined; readonly before?: undefined }
)

/**
 * A page in ascending order. `first`, `last`: the keys between which it was taken, for the cursors `before` and `after`;
 * undefined if it has no rows and none were skipped. `hasEarlier`, `hasLater`: whether rows precede and follow the page.
 * `total`: all matching rows, if the request has an offset.
 */
export type Page<Row, Key> = {
  readonly rows: readonly Row[]
  readonly first: Key | undefined
  readonly last: Key | undefined
  readonly hasEarlier: boolean
  readonly hasLater: boolean
  readonly total: bigint | undefined
}
