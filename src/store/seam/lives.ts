import type { AssetRef } from '../../core/asset.ts'
import type { BlockRef } from '../../core/block.ts'

/** A contract without code. `block`: the first block of ours at whose end there is known to be none. `seen`: of the look. */
export type Ending = { readonly reference: string; readonly block: BlockRef; readonly seen: BlockRef }

/**
 * Which contracts were destroyed. From the end of that block on, what the events of such a contract say is no proof of
 * anything, for ever: a contract that is deployed at the same address again begins with nothing, so it is known by reads.
 * Marks outlive
 * restarts. After a rollback below the block of one, the contract is known by reads until it was looked at again.
 */
export interface LifeStore {
  /** Notes that a contract has no code, for all assets that it is. False where a block is not ours, or it was known. */
  ended(ending: Ending): Promise<boolean>
  /** Notes that a destroyed contract has code again at a block. False where the block is not ours, or it was known. */
  again(life: { readonly reference: string; readonly seen: BlockRef }): Promise<boolean>
  /** Drops the mark of a contract whose end was on a lost branch, and which has not ended since. False as for `again`. */
  standing(life: { readonly reference: string; readonly seen: BlockRef }): Promise<boolean>
  /** Assets without code, and those whose end was on a lost branch, in the order of their ids, after one. */
  open(query: { readonly after: number; readonly limit: number }): Promise<readonly OpenLife[]>
}

/** An asset whose contract has no code, or (`since`) may have lost it at the end of a block from this one on. */
export type OpenLife = { readonly id: number; readonly asset: AssetRef; readonly since: number | undefined }
