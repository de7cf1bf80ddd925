import type { BalanceKey } from '../../core/balance.ts'
import type { BlockRef, Header } from '../../core/block.ts'

/** How far a chain's writer got, and what it needs to continue. */
export type JournalState = {
  /** Last block whose rows are committed; undefined before the first. */
  readonly written: Header | undefined
  readonly published: Header | undefined
  readonly finalized: BlockRef | undefined
  /** Our header chain above the finalized head, ascending, ending at `written`. */
  readonly headers: readonly Header[]
}

/** The result of an append. `hinted`: balances of known tokens that may have changed by events other than transfers. */
export type Appended = { readonly transfers: number; readonly hinted: readonly BalanceKey[] }
