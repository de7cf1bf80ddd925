import type { AssetRef } from '../core/asset.ts'
import type { BlockRef } from '../core/block.ts'

/**
 * A coin that an account holds, on chains whose balances are sums of coins. `confirmed`: the block that created it;
 * `timestamp`: the time in that block's header, in Unix seconds.
 */
export type HeldCoin = {
  readonly asset: AssetRef
  readonly amount: bigint
  readonly confirmed: number
  readonly timestamp: number
}

/**
 * The unspent coins of an account at one block. `isCut`: nodes cut the list of coins by which assets are found, so assets
 * that no lead names may be missing.
 */
export type CoinReads = {
  readonly block: BlockRef
  readonly observedAt: number
  readonly coins: readonly HeldCoin[]
  readonly isCut: boolean
}

/** Reads of accounts, on chains whose nodes can be asked what an account holds. */
export interface AccountReader {
  /** Reads the unspent coins of an account, of its tokens or of the native asset, at the node's newest block. */
  readCoins(account: string, of: 'tokens' | 'native', signal: AbortSignal): Promise<CoinReads>

  /**
   * The number of leads that are known: facts that make earlier transfers findable, such as the programs of a chain's
   * tokens. Leads are numbered from 1 in the order in which they became known, and are never taken back.
   */
  leads(): Promise<number>
}

/** What an adapter has learned and must not forget, shared by all processes: short texts, numbered from 1. */
export interface AdapterMemory {
  /** The texts with a number above `after`, in order. */
  since(after: number): Promise<readonly string[]>
  /** Adds texts that are not there yet. */
  add(texts: readonly string[]): Promise<void>
}
