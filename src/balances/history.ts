import type { AssetRef } from '../core/asset.ts'
import type { ChainId } from '../core/chain.ts'
import type { HeldBlock, StoredTransfer } from '../store/seam/chain-clock.ts'
import type { AsOf } from './as-of.ts'

/**
 * A balance after one event. `amount`: exact, in base units; undefined if neither events nor a node prove it.
 * `event`: the event's position in its block.
 */
export type AmountAfter = {
  readonly block: HeldBlock
  readonly event: number
  readonly amount: bigint | undefined
  /** The amount is a sum of events, or a node's answer at the end of the block. Undefined if it is unknown. */
  readonly source: 'events' | 'reads' | undefined
}

/** `asOf`: the published block; undefined if no block is published. */
type Listed<Row> = { readonly rows: readonly Row[]; readonly asOf: AsOf | undefined }

/** `partial`: true answers for a chain that has never caught up, whatever the configuration is. */
type OfChain = { readonly chain: ChainId; readonly partial?: boolean }

/** Times are Unix seconds, both inclusive; undefined: no bound. `item`: '' or undefined for the whole contract. */
export type ChangesRequest = {
  readonly account: string
  readonly asset: AssetRef
  readonly item?: string
  readonly fromTimestamp?: number | undefined
  readonly toTimestamp?: number | undefined
  readonly limit: number
}

/** Transfers that match every given filter. At least one is given. Accounts and hashes are canonical. */
export type TransfersRequest = {
  readonly account?: string | undefined
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly asset?: AssetRef | undefined
  readonly block?: number | undefined
  readonly transactionHash?: string | undefined
  readonly offset: number
  readonly limit: number
}

/**
 * The past of all chains, as of the published block. `asOf.complete` is false if rows may be missing: coverage began
 * after block 0, the chain has not caught up, events are in doubt, or a token is known by reads.
 * @throws CHAIN_UNSUPPORTED for a chain that is not configured
 */
export interface History {
  /**
   * Returns the changes of a balance in the order of the chain, each with the amount after it. Where the events do not
   * prove it, a node is asked for the amount at the end of the block.
   * @throws BAD_REQUEST there are more than `limit` changes, or the account is the zero address
   * @throws UNAVAILABLE the scope does not cover the balance, or the chain has never caught up
   */
  changes(request: OfChain & ChangesRequest): Promise<Listed<AmountAfter>>
  /**
   * Returns transfers, newest first. `count`: all that match.
   * @throws BAD_REQUEST no filter is given, an account is the zero address, or too many transfers must be searched
   * @throws UNAVAILABLE the scope does not cover the list, the chain has never caught up, or no node returns the block
   * of the transaction
   */
  transfers(request: OfChain & TransfersRequest): Promise<Listed<StoredTransfer> & { readonly count: number }>
  /** Returns the newest stored block at or before a time in Unix seconds; undefined if there is none. */
  blockAt(request: { readonly chain: ChainId; readonly timestamp: number }): Promise<HeldBlock | undefined>
}
