import type { BlockRef } from '../core/block.ts'

/** An issuer's operation. Amounts are whole tokens, 1 to 2^53-1. Ids are opaque: 1 to 256 characters, no controls. */
export type Operation =
  | {
      readonly kind: 'register_asset'
      readonly assetId: string
      readonly name: string | undefined
      readonly symbol: string | undefined
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

/** Makes a retried call safe. `scope`: caller and path; `fingerprint`: hash (hex) of the body's content. */
export type Idempotency = { readonly scope: string; readonly key: string; readonly fingerprint: string }

/** Why an operation is not accepted. */
export type Refusal =
  | 'asset_not_found'
  | 'wallet_not_found'
  | 'already_minted'
  | 'insufficient_funds'
  | 'asset_conflict'
  | 'key_reused'

/** An accepted operation, durable before anybody sees it. `timestamp`: Unix seconds. */
export type Receipt = {
  /** The operation's block: its number is its place in the record, its hash seals content and parent. */
  readonly block: BlockRef
  readonly timestamp: number
  /** Count of operations of this kind so far: the n of TOKEN-n (mints) and TX-n (transfers and burns together). */
  readonly serial: number
  /** False where the very same asset or wallet was registered before: nothing was written. */
  readonly created: boolean
  /** True where this is the stored answer of an earlier call with the same key. */
  readonly replayed: boolean
  readonly operation: Operation
}

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

/** The issuer's record: one order of operations, each durable before it is answered. */
export interface Ledger {
  /** Settles once durable, or refused. @throws STORE_UNAVAILABLE, UNAVAILABLE (queue full, shutting down) */
  submit(request: { readonly operation: Operation; readonly idempotency: Idempotency | undefined }): Promise<Outcome>
  /** True where the wallet is registered or ever took part in an operation. */
  hasWallet(wallet: string): Promise<boolean>
  asset(assetId: string): Promise<LedgerAsset | undefined>
  assets(): Promise<readonly LedgerAsset[]>
  /** Accepted operations with a block number above `after`, oldest first, filtered; at most `limit`. */
  operations(query: {
    readonly assetId?: string
    readonly wallet?: string
    readonly after: number
    readonly limit: number
  }): Promise<readonly Receipt[]>
}
