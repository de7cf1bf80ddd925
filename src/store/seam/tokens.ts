import type { AssetRef } from '../../core/asset.ts'
import type { BlockRef } from '../../core/block.ts'
import type { ReadTokenFacts, TokenFacts } from '../../core/token.ts'

/**
 * A token's facts as last read, and the time of the read (Unix seconds). If some facts could not be read, the time is
 * set back, so that they are read again sooner. `supplyBlock`: the block of `totalSupply`.
 */
export type StoredToken = TokenFacts & { readonly readAt: number; readonly supplyBlock: BlockRef | undefined }

/** Facts that tokens report about themselves. */
export interface TokenStore {
  /** Replaces the stored facts of these tokens, except facts that could not be read (`unknownFacts`). */
  put(tokens: readonly (StoredToken & ReadTokenFacts)[]): Promise<void>
  get(assets: readonly AssetRef[]): Promise<readonly (StoredToken | undefined)[]>
  /** Marks the facts of a contract's tokens as never read: another contract may be there now. */
  expire(reference: string): Promise<void>
  /** Up to `limit` assets that have never been read or whose facts are older than `before` (Unix seconds). */
  stale(query: { readonly before: number; readonly limit: number }): Promise<readonly AssetRef[]>
}
