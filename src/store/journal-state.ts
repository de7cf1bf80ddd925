import type { BlockRef, Header } from '../core/block.ts'

/** How far a chain's writer got, and what it needs to go on. */
export type JournalState = {
  /** Last block whose rows are committed; undefined before the first. */
  readonly written: Header | undefined
  readonly published: Header | undefined
  readonly finalized: BlockRef | undefined
  /** Our header chain above the finalized head, ascending, ending at `written`. */
  readonly headers: readonly Header[]
}

/** What an append did. */
export type Appended = { readonly transfers: number }
