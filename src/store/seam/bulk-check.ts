import type { Transfer } from '../../core/transfer.ts'
import type { SortedTable } from './bulk-sink.ts'

/** What a built generation must have: so many rows of each table, and these transfers with all that follows from them. */
export type Expected = {
  readonly rows: Readonly<Record<SortedTable | 'assets', number>>
  readonly sample: readonly { readonly block: number; readonly transfer: Transfer }[]
  /** True for accounts whose changes are kept. */
  readonly keeps: (account: string) => boolean
}
