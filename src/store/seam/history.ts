import type { AssetRef } from '../../core/asset.ts'
import type { ChainClock, HeldBlock, StoredTransfer } from './chain-clock.ts'

/** Which changes of a balance are listed: of one position, by block time in Unix seconds, inclusive. */
export type ChangesQuery = {
  readonly account: string
  readonly asset: AssetRef
  readonly item: string
  readonly fromTimestamp: number | undefined
  readonly toTimestamp: number | undefined
  readonly limit: number
}

/**
 * A change of a balance: all that one event did to it. `event` is the event's position in the block. `amount`: the
 * exact balance after it, in base units; undefined if the events do not prove it.
 */
export type BalanceChange = {
  readonly block: HeldBlock
  readonly event: number
  readonly amount: bigint | undefined
}

/** Changes in the order of the chain. `inDoubt`: some may be missing. */
export type ChangesPage = {
  readonly clock: ChainClock
  readonly rows: readonly BalanceChange[]
  readonly inDoubt: boolean
}

/** Which transfers are listed: those that match every given filter. At least one is given. */
export type TransferFilter = {
  readonly asset: AssetRef | undefined
  /** Sender or receiver. */
  readonly account: string | undefined
  readonly from: string | undefined
  readonly to: string | undefined
  readonly block: number | undefined
  /** Only together with `block`, because the store has no index of transactions. */
  readonly transactionHash: string | undefined
  readonly offset: number
  readonly limit: number
}

/**
 * A page of transfers, newest first. `count`: all that match. `inDoubt`: some may be missing. `block`: the block of the
 * filter as we store it; undefined if the filter has none, or if we do not store it.
 */
export type FilteredTransfers = {
  readonly clock: ChainClock
  readonly count: number
  readonly rows: readonly StoredTransfer[]
  readonly inDoubt: boolean
  readonly block: HeldBlock | undefined
}

/** Lists over the past of one chain, each as of one snapshot. */
export interface HistoryReads {
  changes(query: ChangesQuery): Promise<ChangesPage>
  /**
   * An account's transfers of one asset, an asset's transfers and a block's transfers are read in the order of an
   * index. Other filters read all candidates, which are bounded.
   * @throws BAD_REQUEST there are too many candidates
   */
  transfers(filter: TransferFilter): Promise<FilteredTransfers>
  /** The newest block that we store at or before a time in Unix seconds. */
  blockAt(timestamp: number): Promise<HeldBlock | undefined>
}
