import { testOf } from '../balances/freshness.ts'
import type { Proof, Question } from '../chains/adapter.ts'
import { type Accounting, type AssetRef, NO_ITEM } from '../core/asset.ts'
import { isReadable, type UnknownReason } from '../core/balance.ts'
import type { BlockRef } from '../core/block.ts'
import type { ChainClock } from '../store/seam/chain-clock.ts'
import type { Position } from '../store/seam/positions.ts'
import type { StoredAsset } from '../store/seam/store.ts'

/**
 * What is compared with the chain: a `balance` that the events give, an `observation` that was read earlier, or the
 * `supply` of a token, which must equal the sum of its balances.
 */
export const SUBJECTS = ['balance', 'observation', 'supply'] as const
/** A subject of `SUBJECTS`. */
export type Subject = (typeof SUBJECTS)[number]

/**
 * Why something was not compared, besides the reasons for an unknown amount.
 * - `in_doubt`: the audit found a difference that is not resolved yet; reads answer meanwhile.
 * - `accounting_reads`: the token is known by reads, so its events give no amount; its observations are compared
 *   instead.
 * - `block_replaced`: the block is no longer canonical.
 * - `items_unchecked`: the sum of an account's items, one of which was not compared.
 * - `block_moved`: the amounts of a sum were read at more than one block.
 * - `journal_moved`: a repair or reclassification changed the amounts each time they were added up.
 */
export type SkipReason =
  | UnknownReason
  | 'in_doubt'
  | 'accounting_reads'
  | 'block_replaced'
  | 'items_unchecked'
  | 'block_moved'
  | 'journal_moved'

/** A stored amount at a block, in base units (`stored`), and the question that gets the chain's amount. */
export type StoredAmount = {
  readonly subject: Subject
  readonly question: Question
  readonly accounting: Accounting
  readonly stored: bigint
}

/**
 * A stored amount that differs from the chain's. `account` is empty for a supply. `chainAmount`: the chain's amount in
 * base units.
 */
export type Difference = {
  readonly subject: Subject
  readonly account: string
  readonly asset: AssetRef
  readonly item: string
  readonly block: BlockRef
  readonly stored: bigint
  readonly chainAmount: bigint
  readonly accounting: Accounting
}

/** The result of one comparison. */
export type Comparison =
  | { readonly outcome: 'equal' }
  | { readonly outcome: 'different'; readonly difference: Difference }
  | { readonly outcome: 'skipped'; readonly reason: SkipReason }

/** A comparison that was not made. */
export function skipped(reason: SkipReason): Comparison {
  return { outcome: 'skipped', reason }
}

/** Compares a stored amount with the chain's answer. Zero tolerance. */
export function compareWithProof(stored: StoredAmount, proof: Proof | undefined): Comparison {
  if (proof === undefined) return skipped('node_unavailable')
  if (!proof.ok) return skipped(proof.reason)
  return stored.stored === proof.otherwise ? { outcome: 'equal' } : compare(stored, proof.amount)
}

/** Compares a stored amount with an amount of the chain. */
export function compare({ subject, question, accounting, stored }: StoredAmount, chainAmount: bigint): Comparison {
  if (stored === chainAmount) return { outcome: 'equal' }
  const { block } = question
  const { account, asset, item } =
    question.what === 'balance' ? question.key : { account: '', asset: question.asset, item: NO_ITEM }
  return {
    outcome: 'different',
    difference: { subject, account, asset, item, block, stored, chainAmount: chainAmount, accounting },
  }
}

/** Returns the stored amount of a position at a block, or why there is none to compare. */
export function storedAmount(position: Position, block: BlockRef): StoredAmount | { readonly skip: SkipReason } {
  const { account, asset, item, amount, accounting, inDoubt } = position
  if (accounting === 'reads') return { skip: 'accounting_reads' }
  if (inDoubt) return { skip: 'in_doubt' }
  if (amount === undefined) return { skip: 'opening_unknown' }
  const question: Question = { what: 'balance', key: { account, asset, item }, block }
  return { subject: 'balance', question, accounting, stored: amount }
}

/**
 * Returns the stored amount of an absent position: zero if coverage has the pair since block 0. Undefined if it does not,
 * for a token known by reads or in doubt, and for a sum that cannot be read.
 */
export function storedZero(
  absent: { readonly account: string; readonly asset: StoredAsset },
  { block, clock }: { readonly block: BlockRef; readonly clock: ChainClock },
): StoredAmount | undefined {
  const { account, asset } = absent
  if (asset.accounting !== 'events' || asset.inDoubt || clock.inDoubt || clock.coverage?.from !== 0) return undefined
  if (!isReadable({ asset: asset.asset, item: NO_ITEM }) || testOf(clock)?.covers(account, asset.asset) !== true)
    return undefined
  const question: Question = { what: 'balance', key: { account, asset: asset.asset, item: NO_ITEM }, block }
  return { subject: 'balance', question, accounting: asset.accounting, stored: 0n }
}

/** Numbers of comparisons. `checked` is `equal` plus `different`. */
export type Counts = {
  readonly checked: number
  readonly equal: number
  readonly different: number
  readonly skipped: Readonly<Partial<Record<SkipReason, number>>>
}

/** Counts comparisons. */
export class Tally {
  #equal = 0
  #different = 0
  readonly #skipped = new Map<SkipReason, number>()

  add(comparison: Comparison): void {
    if (comparison.outcome === 'equal') this.#equal++
    else if (comparison.outcome === 'different') this.#different++
    else this.#skipped.set(comparison.reason, (this.#skipped.get(comparison.reason) ?? 0) + 1)
  }

  get counts(): Counts {
    const checked = this.#equal + this.#different
    return { checked, equal: this.#equal, different: this.#different, skipped: Object.fromEntries(this.#skipped) }
  }
}
