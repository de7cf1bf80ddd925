import type { Idempotency, Operation, RecordedOperation } from '../core/operation.ts'

export type { Idempotency, Operation } from '../core/operation.ts'
export {
  MAX_ASSET_NAME_CHARACTERS,
  MAX_ASSET_SYMBOL_CHARACTERS,
  MAX_LEDGER_ID_CHARACTERS,
  MAX_OPERATION_AMOUNT,
} from '../core/operation.ts'

/** Why an operation was refused. Nothing of it is stored, its idempotency key neither. */
export type RejectReason =
  | 'asset_not_found'
  | 'wallet_not_found'
  | 'already_minted'
  | 'insufficient_funds'
  | 'asset_conflict'
  | 'key_reused'

/**
 * An accepted operation, durable before anybody sees it. `serial` is the n of TOKEN-n (mints) and of TX-n (transfers and
 * burns together).
 */
export type Receipt = RecordedOperation & {
  /** False where the very same asset or wallet was registered before: nothing was written, and this is the first's receipt. */
  readonly created: boolean
  /** True where this is the stored answer of an earlier call with the same key. */
  readonly replayed: boolean
}

/** What became of a submitted operation. */
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

/** An operation handed in, with the caller's key where it gave one. */
export type LedgerRequest = { readonly operation: Operation; readonly idempotency: Idempotency | undefined }

/** Which accepted operations: numbers greater than `after`, of this asset and wallet where given; at most `limit`. */
export type OperationQuery = {
  readonly assetId?: string
  readonly wallet?: string
  /** A block number; the first operation has 1. */
  readonly after: number
  readonly limit: number
}

/** Which registered assets. `after`: an asset id; undefined: from the first on. */
export type AssetQuery = { readonly after: string | undefined; readonly limit: number }

/**
 * The issuer's record: one order of accepted operations, each a final block of the chain `ledger:…`. Balances, holders
 * and history are read through `Balances` and `ChainReads` of that chain (standard `ledger`, reference the asset id), as
 * of any chain; what has been answered here is seen there.
 */
export interface Ledger {
  /**
   * Settles once the operation is durable, or refused.
   * @throws UNAVAILABLE too many are waiting, or it is shutting down: nothing was done. Or its writer died meanwhile: the
   * operation may be done or not, and the same request again, with its key, settles it
   * @throws STORE_UNAVAILABLE the disk refused it; that it is found done after a crash cannot be ruled out
   */
  submit(request: LedgerRequest): Promise<Outcome>
  /** True where the wallet is registered or ever took part in an operation. */
  hasWallet(wallet: string): Promise<boolean>
  asset(assetId: string): Promise<LedgerAsset | undefined>
  /**
   * A page of the registered assets, in the order of their registration: those after the asset `after`, at most `limit`.
   * Undefined where `after` is none.
   */
  assets(query: AssetQuery): Promise<readonly LedgerAsset[] | undefined>
  /** The audit trail, oldest first. */
  operations(query: OperationQuery): Promise<readonly Receipt[]>
}
