import type { Decimal } from '../core/amount.ts'
import type { AssetRef } from '../core/asset.ts'
import type { ChainId } from '../core/chain.ts'
import type { Soon } from '../core/soon.ts'
import type { Standard } from '../core/standards.ts'

/**
 * US dollars for one whole token: an exact decimal and its text. `source`: `static` or `http`, as configured.
 * `updatedAt`: when the source last saw this price, in Unix seconds.
 */
export type Price = Decimal & { readonly text: string; readonly source: string; readonly updatedAt: number }

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
  readonly description: string | undefined
  readonly tags: readonly string[]
  /** True if a configured token list has the token. */
  readonly listed: boolean
  readonly urls: readonly { readonly name: string; readonly url: string }[]
  readonly price: Price | undefined
}

/**
 * How long an answer waits for facts of tokens once its balances were asked of a node, which may have taken 5 of the 7 seconds of a
 * request, in milliseconds.
 */
const AFTER_BALANCES_MS = 1_500
/** How facts of tokens are asked for once the balances of an answer were asked of a node. */
export const AFTER_BALANCES = { read: true, waitMs: AFTER_BALANCES_MS } as const

/** Facts, list entries and prices of tokens, over all chains. */
export interface Tokens {
  /**
   * Returns tokens in the order of `assets`. `read`: read tokens from the chain that were never read. `anew`: read all
   * of them again. `waitMs`: reads are waited for at most so long; what is not known by then is unread in this answer.
   */
  get(
    chain: ChainId,
    assets: readonly AssetRef[],
    options?: { readonly read: boolean; readonly anew?: boolean; readonly waitMs?: number },
  ): Soon<readonly TokenInfo[]>
}

/** A token that a search found. `listed`: it is in a configured token list. */
export type FoundToken = { readonly asset: AssetRef; readonly listed: boolean }

/** Searches tokens, one chain at a time. */
export interface TokenFinder {
  /**
   * Returns a page of tokens in a stable order: listed ones first, then in the order in which they were indexed. `text`:
   * an address, or a part of the symbol or name of a listed token, or the beginning of that of another; undefined
   * or empty: all tokens. `listed`: only tokens that are
   * in a configured list, or only others. `more`: others follow.
   */
  search(
    chain: ChainId,
    query: {
      readonly text?: string | undefined
      readonly standards: readonly Standard[]
      readonly listed?: boolean | undefined
      readonly offset: number
      readonly limit: number
    },
  ): Promise<{ readonly rows: readonly FoundToken[]; readonly more: boolean }>
}
