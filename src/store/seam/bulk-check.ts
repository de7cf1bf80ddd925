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
}

/** Which tables are looked at as wholes: those of what was built at a place. It can be passed to another thread. */
export type TableCheck = { readonly place: string } & Pick<Expected, 'rows' | 'budgetMs' | 'turn'>

/** Looks at tables in another thread. Returns what is wrong; undefined if nothing. @throws STORE_DAMAGED */
export type CheckTables = (check: TableCheck) => Promise<string | undefined>
