import type { RowWriter, SortedTable } from './bulk-sink.ts'
import type { WrittenRows } from './sink-sharing.ts'

/** Where another thread writes rows of a sink's ACCOUNT_TABLES. */
export interface SinkPart {
  readonly takesIndexes: boolean
  /** As of a sink, but the rows of a table follow each other only within a range. */
  rows(table: SortedTable): RowWriter
  /** Ends a range of rows of each table. The next range comes before it. */
  endRange(): void
  /** Writes all, and closes. @throws STORE_FULL, STORE_UNAVAILABLE */
  finish(): WrittenRows
  /** Closes what is not to be used. */
  abandon(): void
}
