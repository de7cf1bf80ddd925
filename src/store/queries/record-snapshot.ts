import type { Row } from '../rows/columns.ts'
import type { Sql } from './query.ts'

/** A table with its columns by name, and those of its key in order. */
export type TableShape = { readonly name: string; readonly columns: readonly string[]; readonly key: readonly string[] }

/** What a store itself holds, without the chains that have nodes, as it was when this was opened. */
export interface RecordSnapshot {
  /** All tables, by name. */
  tables(): Promise<readonly TableShape[]>
  /**
   * The rows of a statement without parameters, page by page, so that memory is bounded. The engine sorts many rows on disk.
   * Several may be read by turns.
   */
  pages(sql: Sql): AsyncIterable<readonly Row[]>
  close(): Promise<void>
}

/** Names of columns in SQL, with commas between. Some are words of SQL. */
export function quotedNames(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(', ')
}
