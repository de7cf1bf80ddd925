import type { Idempotency, Operation, RecordedOperation } from '../core/operation.ts'

export type { Idempotency, Operation } from '../core/operation.ts'
export {
  MAX_ASSET_NAME_CHARACTERS,
  MAX_ASSET_SYMBOL_CHARACTERS,
  MAX_LEDGER_ID_CHARACTERS,
  MAX_OPERATION_AMOUNT,
} from '../core/operation.ts'

/** The reason why an operation was rejected. Nothing of it is stored, not even its idempotency key. */
export type RejectReason =
  | 'asset_not_found'
  | 'wallet_not_found'
  | 'already_minted'
  | 'insufficient_funds'
  | 'asset_conflict'
  | 'key_reused'

/**
 * An accepted operation. It is durable before anyone can see it. `serial` is the n of TOKEN-n (mints) and of TX-n
 * (transfers and burns share one count).
 */
export type Receipt = RecordedOperation & {
  /** False if the same asset or wallet was already registered: nothing was written, and this is the first receipt. */
  readonly created: boolean
  /** True if this is the stored answer of an earlier call with the same key. */
  readonly replayed: boolean
}

/** The result of a submitted operation. */
export type Outcome =
  | { readonly accepted: true; readonly receipt: Receipt }
  | { readonly accepted: false; readonly reason: RejectReason }

/** An asset as registered. */
export type LedgerAsset = {
  readonly assetId: string
  readonly name: string | undefined
  readonly symbol: string | undefined
  readonly reissue: boolean
}

/** A submitted operation, with the caller's idempotency key if it sent one. */
export type LedgerRequest = { readonly operation: Operation; readonly idempotency: Idempotency | undefined }

/**
 * A query for accepted operations: block numbers greater than `after`, of this asset and wallet if given, at most
 * `limit`.
 */
export type OperationQuery = {
  readonly assetId?: string
  readonly wallet?: string
  /** A block number. The first operation has number 1. */
  readonly after: number
  readonly limit: number
}

/** A query for registered assets. `after`: an asset id. Undefined: start with the first asset. */
export type AssetQuery = { readonly after: string | undefined; readonly limit: number }

/**
 * The issuer's record: one sequence of accepted operations. Each is a final block of the chain `ledger:…`. Balances,
 * holders and history are read through `Balances` and `ChainReads` of that chain, as for any chain (standard `ledger`,
 * reference the asset id). Once this interface has answered, those reads see the result.
 */
export interface Ledger {
  /**
   * Resolves when the operation is durable or rejected.
   * @throws UNAVAILABLE too many requests wait, or the ledger is shutting down: nothing was done. Also if the writer
   * died meanwhile: then the operation may be done or not, and the same request with the same key returns its result
   * @throws STORE_UNAVAILABLE the disk failed: the operation may still be found done after a crash
   */
  submit(request: LedgerRequest): Promise<Outcome>
  /** True if the wallet is registered or ever took part in an operation. */
  hasWallet(wallet: string): Promise<boolean>
  asset(assetId: string): Promise<LedgerAsset | undefined>
  /**
   * Returns a page of the registered assets, in the order of their registration: those after the asset `after`, at most
   * `limit`. Undefined if `after` is not a registered asset.
   */
  assets(query: AssetQuery): Promise<readonly LedgerAsset[] | undefined>
  /** Returns the audit trail, oldest first. */
  operations(query: OperationQuery): Promise<readonly Receipt[]>
}
