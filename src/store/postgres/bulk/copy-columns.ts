import {
  accounts,
  assets,
  balances,
  blocks,
  changes,
  hints,
  outOfRange,
  transfers,
} from '../../../journal/tables/facts.ts'
import type { ColumnType, Table } from '../../../journal/tables/table.ts'
import { storedColumns } from '../../rows/journal-codec.ts'
import type { SmallTable, SortedTable } from '../../seam/bulk-sink.ts'

/**
 * The tables that a build fills. `shown`: tokens with a transfer that could not be decoded. It and `hinted_again` are gone when
 * all is published.
 */
export type CopiedTable = Exclude<SortedTable | SmallTable, `${string}_by_${string}` | `${string}_as_met`> | 'shown'

/** A column: its name, and how many bytes its integers have; undefined: bytes or text. */
export type CopiedColumn = { readonly name: string; readonly integer: 2 | 8 | undefined }

const INTEGERS: Readonly<Partial<Record<ColumnType, 2 | 8>>> = { integer: 8, flag: 2 }

/** The columns of each table, in the order in which a build writes them. */
export const COPIED: Readonly<Record<CopiedTable, readonly CopiedColumn[]>> = {
  transfers: columnsOf(transfers),
  changes: columnsOf(changes),
  balances: columnsOf(balances),
  accounts: columnsOf(accounts),
  assets: columnsOf(assets),
  blocks: columnsOf(blocks),
  hints: columnsOf(hints),
  hinted_again: columnsOf(hints),
  doubts: columnsOf(outOfRange),
  shown: [
    { name: 'asset', integer: 8 },
    { name: 'block', integer: 8 },
    { name: 'hash', integer: undefined },
    { name: 'account', integer: undefined },
  ],
}

/** All tables that a build fills. */
export const COPIED_TABLES = Object.keys(COPIED) as readonly CopiedTable[]

function columnsOf(table: Table): readonly CopiedColumn[] {
  return storedColumns(table).map(({ sql, type }) => ({ name: sql, integer: INTEGERS[type] }))
}
