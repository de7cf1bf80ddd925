import type { AssetRef } from '../core/asset.ts'
import type { BlockRef } from '../core/block.ts'

/**
 * The result of comparing a chain read with the journal.
 * - `adopted`: the pair's opening was unknown. It now follows from the read, and so do the pair's earlier amounts.
 * - `reopened`: the pair's sum had left the range of amounts, or its history contradicts the read. The amount is known
 *   from the read's block on, or from an earlier one where the events agree with it, and unknown before.
 * - `equal`, `different`: the journal had its own amount at that block.
 * - `not_canonical`: our chain has another block at that number, or none.
 * - `forgotten`: the block is final and so old that its hash is no longer stored, so its branch cannot be checked.
 * - `not_covered`: there is nothing to compare with (a `reads` token, an account outside the scope, an opening that
 *   holds only from a later block).
 */
export type AdoptionResult =
  | { readonly outcome: 'adopted' | 'reopened' | 'equal' | 'not_canonical' | 'forgotten' | 'not_covered' }
  | { readonly outcome: 'different'; readonly journal: bigint }

/**
 * Why a token was reclassified: a balance differs, sums leave the range of amounts, the supply differs, or a transfer
 * can't be decoded.
 */
export const RECLASSIFY_REASONS = ['balance', 'range', 'supply', 'undecodable'] as const
/** A reason of `RECLASSIFY_REASONS`. */
export type ReclassifyReason = (typeof RECLASSIFY_REASONS)[number]

/**
 * The difference that was found. `account` undefined: the token's total supply. `journal` undefined: the journal has no
 * amount.
 */
export type Evidence = {
  readonly account: string | undefined
  readonly item: string
  readonly journal: bigint | undefined
  readonly chain: bigint
}

/** A token that must be known by reads, and the block of ours where this was found. */
export type Reclassification = {
  readonly asset: AssetRef
  readonly block: BlockRef
  readonly reason: ReclassifyReason
  /** `chain` undefined: the events alone are the evidence. */
  readonly evidence: Omit<Evidence, 'chain'> & { readonly chain: bigint | undefined }
}

/**
 * The result of a reclassification. `fixed`: configuration sets the token's accounting. `not_canonical`: the block is
 * no longer ours.
 */
export type ReclassifyOutcome = 'reclassified' | 'already' | 'fixed' | 'not_canonical'

/**
 * What a repair changed: transfers added and removed, and the changed blocks. `compared`: how many of the given blocks
 * were ours.
 */
export type Repaired = {
  readonly compared: number
  readonly inserted: number
  readonly removed: number
  readonly changed: readonly BlockRef[]
  /** The accounts whose amounts at these blocks, or at later ones, may differ from before. */
  readonly accounts: readonly string[]
}

/** How transfers of past blocks are replaced: see `Journal.repair`. */
export type RepairMode = 'adding' | 'lacking' | 'redecoded'

/**
 * The result of reading balances at a block. `unreadable`: tokens for which the node answered but no balance could be read.
 * `answering`: tokens with at least one readable balance.
 */
export type Readability = {
  readonly block: BlockRef
  readonly unreadable: readonly AssetRef[]
  readonly answering: readonly AssetRef[]
}

/** A balance that the chain contradicted, or a supply if `account` is undefined. */
export type Refutation = { readonly asset: AssetRef; readonly account: string | undefined; readonly item: string }

/**
 * A contract without code. `block`: our first block at whose end the contract is known to have no code. `seen`: the
 * block at which this was read.
 */
export type Ending = { readonly reference: string; readonly block: BlockRef; readonly seen: BlockRef }
