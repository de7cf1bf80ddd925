import type { AssetRef } from '../../core/asset.ts'
import type { BlockRef } from '../../core/block.ts'
import type { Standard } from '../../core/standards.ts'
import type { ReadTokenFacts, TokenFacts } from '../../core/token.ts'

/**
 * A token's facts as last read, and the time of the read (Unix seconds). If some facts could not be read, the time is
 * set back, so that they are read again sooner. `supplyBlock`: the block of `totalSupply`.
 */
export type StoredToken = TokenFacts & { readonly readAt: number; readonly supplyBlock: BlockRef | undefined }

/**
 * Which tokens to find. `match` undefined: all. `beginning`: the start of the stored symbol or name, in any case of the
 * letters A to Z.
 */
export type TokenQuery = {
  readonly match: { readonly reference: string } | { readonly beginning: string } | undefined
  readonly standards: readonly Standard[]
  /** These are left out. The same array costs less the next time. */
  readonly except: readonly AssetRef[]
  readonly offset: number
  readonly limit: number
}

/** A page of tokens. `more`: others follow. */
export type FoundTokens = { readonly assets: readonly AssetRef[]; readonly more: boolean }

/** Facts that tokens report about themselves. */
export interface TokenStore {
  /** Replaces the stored facts of these tokens, except facts that could not be read (`unknownFacts`). */
  put(tokens: readonly (StoredToken & ReadTokenFacts)[]): Promise<void>
  get(assets: readonly AssetRef[]): Promise<readonly (StoredToken | undefined)[]>
  /** Marks the facts of a contract's tokens as never read: another contract may be there now. */
  expire(reference: string): Promise<void>
  /** Up to `limit` assets that have never been read or whose facts are older than `before` (Unix seconds). */
  stale(query: { readonly before: number; readonly limit: number }): Promise<readonly AssetRef[]>
  /**
   * Finds tokens that have transfers, in the order in which they were indexed, without those whose contract has no code.
   * Cost: all tokens up to the page's end, or for a beginning up to 10,000 matching symbols and as many names. If more
   * tokens match, only the first ones by alphabet are found.
   */
  search(query: TokenQuery): Promise<FoundTokens>
}
