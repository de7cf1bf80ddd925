import type { AssetRef } from '../../core/asset.ts'
import type { BlockRef } from '../../core/block.ts'
import type { Ending } from '../../journal/audit-outcomes.ts'

export type { Ending } from '../../journal/audit-outcomes.ts'

/**
 * Marks of destroyed contracts. From the end of that block on, the events of the contract prove nothing, permanently: a
 * contract deployed at the same address starts with empty storage, so it is known by reads. Marks survive restarts.
 * After a rollback below a mark's block, the contract is known by reads until its code is checked again.
 */
export interface LifeStore {
  /**
   * Records that a contract has no code, for all assets of the contract. Returns false if a block is not ours, or if
   * this was recorded before.
   */
  recordEnd(ending: Ending): Promise<boolean>
  /**
   * Records that a destroyed contract has code again at a block. Returns false if the block is not ours, or if this was
   * recorded before.
   */
  recordNewCode(life: { readonly reference: string; readonly seen: BlockRef }): Promise<boolean>
  /**
   * Deletes the mark of a contract whose end was on a lost branch and that has not ended since. Returns false as for
   * `recordNewCode`.
   */
  confirmAlive(life: { readonly reference: string; readonly seen: BlockRef }): Promise<boolean>
  /** Assets without code, and those whose end was on a lost branch, by id, after the id `after`. */
  open(query: { readonly after: number; readonly limit: number }): Promise<readonly OpenLife[]>
}

/** An asset whose contract has no code, or (`since`) may have lost it at the end of a block from this one on. */
export type OpenLife = { readonly id: number; readonly asset: AssetRef; readonly since: number | undefined }
