import type { BlockRef } from '../core/block.ts'

/**
 * Counts of what is in doubt on a chain: the chain refuted it, and that is not resolved yet. Meanwhile it is answered
 * by reads. `tokens`: tokens in doubt as a whole. `refetching`: logs were proven missing, and all blocks from this one
 * on must still be fetched again; undefined if none. `unlooked`: no balance of a new chain was compared yet.
 */
export type Doubts = {
  readonly pairs: number
  readonly tokens: number
  readonly chain: boolean
  readonly refetching: number | undefined
  readonly unlooked: boolean
}

/**
 * What a chain's writer has to do about its doubts. `rechecking`: all blocks were fetched again, and all balances are
 * being compared again. `proofs`: the newest blocks, oldest first, for which a node was proven to omit logs.
 */
export type DoubtWork = Doubts & { readonly rechecking: boolean; readonly proofs: readonly BlockRef[] }

/** The doubts of a chain without any. */
export const NO_DOUBTS: Doubts = {
  pairs: 0,
  tokens: 0,
  chain: false,
  refetching: undefined,
  unlooked: false,
}
