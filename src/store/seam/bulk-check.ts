import type { Transfer } from '../../core/transfer.ts'
import type { SortedTable } from './bulk-sink.ts'

/** A transfer of the raw log, and its block's number. */
export type LoggedTransfer = { readonly block: number; readonly transfer: Transfer }

/** What a built generation must have: so many rows of each table, and all that follows from transfers chosen at random. */
export type Expected = {
  readonly rows: Readonly<Record<SortedTable | 'assets', number>>
  /** Transfers of the log, chosen at random, and its first and last one. */
  readonly sample: readonly LoggedTransfer[]
  /** Finds what the log has at a place. Costs some milliseconds. */
  readonly find: (place: {
    readonly block: number
    readonly event: number
    readonly part: number
  }) => Transfer | undefined
  /** True for accounts whose changes are kept. */
  readonly keeps: (account: string) => boolean
  /** The first block of coverage. */
  readonly from: number
  /** Milliseconds that the check may take, besides counting and the sample. */
  readonly budgetMs: number
  /** Chooses what is checked first: each generation begins with another table. */
  readonly turn: number
  /** As `Math.random`. */
  readonly random: () => number
  /** Monotonic milliseconds. */
  readonly now: () => number
}

/** What is to be counted: the rows of what was built at a place. It can be passed to another thread. */
export type Counting = { readonly place: string; readonly rows: Expected['rows'] }

/** Counts rows in another thread. Returns which table has another number of them; undefined if none. @throws STORE_DAMAGED */
export type CountRows = (counting: Counting) => Promise<string | undefined>
