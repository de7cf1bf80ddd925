import type { AssetRef } from '../../core/asset.ts'
import type { BlockRef } from '../../core/block.ts'
import type { ReadTokenFacts, TokenFacts } from '../../core/token.ts'

/**
 * A token's facts as last read, and when (Unix seconds); dated back where not all were told, so that they are read again
 * sooner. `supplyBlock`: the block of `totalSupply`.
 */
export type StoredToken = TokenFacts & { readonly readAt: number; readonly supplyBlock: BlockRef | undefined }

/** What tokens say of themselves. */
export interface TokenStore {
  /** Replaces what is stored of these tokens, but for facts that were untold. */
  put(tokens: readonly (StoredToken & ReadTokenFacts)[]): Promise<void>
  get(assets: readonly AssetRef[]): Promise<readonly (StoredToken | undefined)[]>
  /** Takes the facts of a contract's tokens for never read: another contract may be there now. */
  expire(reference: string): Promise<void>
  /** Up to `limit` assets that have never been read or whose facts are older than `before` (Unix seconds). */
  stale(query: { readonly before: number; readonly limit: number }): Promise<readonly AssetRef[]>
}
