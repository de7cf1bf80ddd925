/**
 * A position on a chain: a block's number and its hash (0x + lower-case hex on EVM, the chain's own text elsewhere).
 */
export type BlockRef = { readonly number: number; readonly hash: string }

/** A block ref with the link to its parent. `timestamp` is Unix seconds. */
export type Header = BlockRef & { readonly parentHash: string; readonly timestamp: number }

/** How certain a block is, from least to most. */
export const FINALITIES = ['pending', 'latest', 'safe', 'finalized'] as const
/** How certain a block is, from the least to the most. */
export type Finality = (typeof FINALITIES)[number]

/**
 * Where the finalized head of a chain is: at the block that its nodes call by this tag, or this many blocks below the
 * newest.
 */
export type FinalityRule = string | { readonly confirmations: number }

/** A node's heads at one moment. `latest.number >= finalized.number`. */
export type Heads = { readonly latest: Header; readonly finalized: Header }

/** True if both refs name the same block. */
export function sameBlock(a: BlockRef, b: BlockRef): boolean {
  return a.number === b.number && a.hash === b.hash
}
