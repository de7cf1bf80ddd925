import type { ChainId } from '../../core/chain.ts'

/** A group of tables of a store: what cannot be rebuilt, a chain's journal, or the stored reads of a chain's nodes. */
export type StorePart =
  | { readonly of: 'store' }
  | { readonly of: 'journal'; readonly chain: ChainId }
  | { readonly of: 'reads'; readonly chain: ChainId }

/** A stored value. */
export type Cell = number | string | Buffer | null
