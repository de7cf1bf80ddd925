import type { BlockRef } from '../core/block.ts'

/** Greatest amount of one operation, in whole tokens: what any JSON client still sends exactly. */
export const MAX_OPERATION_AMOUNT = 2n ** 53n - 1n
/** Longest id of an asset or a wallet, in characters (UTF-16 units). */
export const MAX_LEDGER_ID_CHARACTERS = 256

/** An issuer's operation. Amounts are whole tokens, 1 to 2^53-1. Ids are opaque text of 1 to 256 characters, no control characters. */
export type Operation =
  | {
      readonly kind: 'register_asset'
      readonly assetId: string
      readonly name: string | undefined
      readonly symbol: string | undefined
      /** True where the asset may be minted more than once. */
      readonly reissue: boolean
    }
  | { readonly kind: 'register_wallet'; readonly wallet: string }
  | { readonly kind: 'mint'; readonly assetId: string; readonly amount: bigint; readonly to: string }
  | {
      readonly kind: 'transfer'
      readonly assetId: string
      readonly amount: bigint
      readonly from: string
      readonly to: string
    }
  | { readonly kind: 'burn'; readonly assetId: string; readonly amount: bigint; readonly from: string }

/**
 * Makes a retried call safe. `scope`: caller and path; `fingerprint`: lower-case hex of a hash of the body as parsed
 * JSON (the order of its keys does not matter).
 */
export type Idempotency = { readonly scope: string; readonly key: string; readonly fingerprint: string }

/** Why an operation was refused. Nothing of it is stored, its idempotency key neither. */
export type Refusal =
  | 'asset_not_found'
  | 'wallet_not_found'
  | 'already_minted'
  | 'insufficient_funds'
  | 'asset_conflict'
  | 'key_reused'

/** An accepted operation, durable before anybody sees it. */
export type Receipt = {
  /** The operation's block: its number is its place in the record, its hash seals content and parent. */
  readonly block: BlockRef
  /** Unix seconds. */
  readonly timestamp: number
  /** Count of operations of this kind so far, this one included: the n of TOKEN-n (mints) and of TX-n (transfers and burns together). */
  readonly serial: number
  /** False where the very same asset or wallet was registered before: nothing was written, and this is the first's receipt. */
  readonly created: boolean
  /** True where this is the stored answer of an earlier call with the same key. */
  readonly replayed: boolean
  readonly operation: Operation
}

/** What became of a submitted operation. */
export type Outcome =
  | { readonly accepted: true; readonly receipt: Receipt }
  | { readonly accepted: false; readonly refusal: Refusal }

/** An asset as registered. */
export type LedgerAsset = {
  readonly assetId: string
  readonly name: string | undefined
  readonly symbol: string | undefined
  readonly reissue: boolean
}

/** An operation handed in, with the caller's key where it gave one. */
export type LedgerRequest = { readonly operation: Operation; readonly idempotency: Idempotency | undefined }

/** Which accepted operations: numbers greater than `after`, of this asset and wallet where given; at most `limit`. */
export type OperationQuery = {
  readonly assetId?: string
  readonly wallet?: string
  /** A block number; -1 for all. */
  readonly after: number
  readonly limit: number
}

/**
 * The issuer's record: one order of accepted operations, each a final block of the chain `ledger:…`. Balances, holders
 * and history are read through `Balances` and `ChainReads` of that chain (standard `ledger`, reference the asset id), as
 * of any chain; what has been answered here is seen there.
 */
export interface Ledger {
  /**
   * Settles once the operation is durable, or refused.
   * @throws STORE_UNAVAILABLE, UNAVAILABLE (queue full, shutting down)
   */
  submit(request: LedgerRequest): Promise<Outcome>
  /** True where the wallet is registered or ever took part in an operation. */
  hasWallet(wallet: string): Promise<boolean>
  asset(assetId: string): Promise<LedgerAsset | undefined>
  /** All registered assets, in the order of their registration. */
  assets(): Promise<readonly LedgerAsset[]>
  /** The audit trail, oldest first. */
  operations(query: OperationQuery): Promise<readonly Receipt[]>
}
