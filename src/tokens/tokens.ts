import type { Decimal } from '../core/amount.ts'
import type { AssetRef } from '../core/asset.ts'
import type { ChainId } from '../core/chain.ts'

/** All that we know of a token to show with a balance. Undefined is unknown, never a default. */
export type TokenInfo = {
  readonly asset: AssetRef
  /** The chain was never asked, or could not answer: what is undefined here says nothing of the token. */
  readonly unread?: true
  readonly name: string | undefined
  readonly symbol: string | undefined
  readonly decimals: number | undefined
  /** Base units, as last read. */
  readonly totalSupply: bigint | undefined
  readonly logo: string | undefined
  readonly urls: readonly { readonly name: string; readonly url: string }[]
  /** US dollars for one whole token: exact decimal, and its text as configured. */
  readonly price: (Decimal & { readonly text: string; readonly source: string; readonly updatedAt: number }) | undefined
}

/** Facts, lists and prices of tokens, over all chains. */
export interface Tokens {
  /** In the order asked. `read`: ask the chain for those never read yet; `anew`: for all of them, whatever is known. */
  get(
    chain: ChainId,
    assets: readonly AssetRef[],
    options?: { readonly read: boolean; readonly anew?: boolean },
  ): Promise<readonly TokenInfo[]>
}
