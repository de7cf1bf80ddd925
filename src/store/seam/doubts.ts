import type { AssetRef } from '../../core/asset.ts'
import type { BalanceKey } from '../../core/balance.ts'
import type { BlockRef } from '../../core/block.ts'
import type { Refutation } from '../../journal/audit-outcomes.ts'
import type { DoubtWork } from '../../journal/doubt-state.ts'

export type { Refutation } from '../../journal/audit-outcomes.ts'
export type { Doubts, DoubtWork } from '../../journal/doubt-state.ts'
export { NO_DOUBTS } from '../../journal/doubt-state.ts'

/** A page of what is in doubt. `cursor`: where the next page begins. */
export type DoubtPage = {
  readonly keys: readonly BalanceKey[]
  /** Tokens whose supply was refuted, all of them up to a limit. */
  readonly supplies: readonly AssetRef[]
  /**
   * Tokens of `reads` whose first transfer a reorg removed. Whether the contract has code at block `at` decides if they
   * stay reclassified.
   */
  readonly unsure: readonly { readonly asset: AssetRef; readonly account: string | undefined; readonly at: number }[]
  readonly cursor: string
}

/**
 * Marks of refuted balances. One refuted pair is in doubt alone. Two pairs of a token put the token in doubt. Proven
 * missing logs of two tokens put the chain in doubt. Marks survive restarts and reorgs. Only `resolve`, `looked` and a
 * change of the token's class remove them.
 */
export interface DoubtStore {
  state(): Promise<DoubtWork>
  /**
   * Marks balances and supplies as refuted. Tokens that have `reads` accounting or are fixed by configuration are not
   * marked. `all`: a new chain, which is in doubt as a whole until some balances are compared.
   */
  refute(refuted: readonly Refutation[] | 'all'): Promise<void>
  /** The next balances in doubt after a cursor. After the last comes the first. */
  next(cursor: string, limit: number): Promise<DoubtPage>
  /**
   * Removes the doubt about balances and supplies that were equal at a block of ours. Does nothing if the block is not
   * ours. A balance whose history still contradicts its newest read stays in doubt.
   */
  resolve(equal: {
    readonly block: BlockRef
    readonly keys: readonly BalanceKey[]
    readonly supplies: readonly AssetRef[]
    /** Tokens whose contract existed before the reorg (`stays`), or did not: then the token's class is deleted. */
    readonly classes?: readonly { readonly asset: AssetRef; readonly stays: boolean }[]
  }): Promise<void>
  /**
   * Reports that all blocks from `state().refetching` up to `through` were fetched again. At the last written block,
   * the walk over all balances restarts, so that they are compared once more.
   */
  refetched(through: number): Promise<void>
  /**
   * Reports that balances were compared. `all`: every balance since all blocks were fetched again, which ends the doubt
   * about missing logs. `some`: enough for the first check of a chain with very many balances.
   */
  looked(at: 'all' | 'some'): Promise<void>
}
