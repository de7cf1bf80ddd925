import type { Decimal } from '../core/amount.ts'
import type { AssetRef } from '../core/asset.ts'
import type { ChainId } from '../core/chain.ts'

/** All that is known of a token, to show with a balance. Undefined is unknown, never a default. */
export type TokenInfo = {
  readonly asset: AssetRef
  /** The chain was never read, or could not answer: undefined fields mean nothing for this token. */
  readonly unread?: true
  readonly name: string | undefined
  readonly symbol: string | undefined
  readonly decimals: number | undefined
  /** Base units, as of the last read. */
  readonly totalSupply: bigint | undefined
  readonly logo: string | undefined
  readonly urls: readonly { readonly name: string; readonly url: string }[]
  /** US dollars for one whole token: an exact decimal, and its configured text. */
  readonly price: (Decimal & { readonly text: string; readonly source: string; readonly updatedAt: number }) | undefined
}

/** Facts, list entries and prices of tokens, over all chains. */
export interface Tokens {
  /**
   * Returns tokens in the order of `assets`. `read`: read tokens from the chain that were never read. `anew`: read all
   * of them again.
   */
  get(
    chain: ChainId,
    assets: readonly AssetRef[],
    options?: { readonly read: boolean; readonly anew?: boolean },
  ): Promise<readonly TokenInfo[]>
}
