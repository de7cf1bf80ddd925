import type { Asked } from '../queries/query.ts'
import type { Row } from '../rows/columns.ts'
import type { Cell, StorePart } from '../seam/store-parts.ts'

/** A table with its columns by name, and those of its key in order. */
export type TableShape = { readonly name: string; readonly columns: readonly string[]; readonly key: readonly string[] }

/**
 * How tables are held. `read`: one snapshot, of this version's tables. `hold`: as they are, and no other process writes the journal of a
 * chain. `make`: those that are missing are made, older ones are brought to this version, and once they are used nobody else writes them.
 */
export type Hold = 'read' | 'hold' | 'make'

/** Tables of a store that stay open, to copy, save, restore or audit all of their rows. */
export interface HeldTables {
  /** By name. */
  readonly tables: readonly TableShape[]
  /**
   * The rows of a statement, page by page, so that memory is bounded. The engine sorts many rows on disk. Several may be read by
   * turns. Values are in order.
   */
  pages(asked: Asked): AsyncIterable<readonly Row[]>
  /** Adds rows to a table, whose values are in the order of its columns. */
  insert(table: TableShape, rows: readonly (readonly Cell[])[]): Promise<void>
  /** Makes what was inserted since the last commit durable. */
  commit(): Promise<void>
  /** What the engine finds wrong: tables that differ from those of this version, or damage of its own files. At most some. */
  faults(of: 'tables' | 'files'): Promise<readonly string[]>
  /** Takes back what was not committed. Others may write again. */
  close(): Promise<void>
}

/** Holds a part of a store; undefined if it is not there. @throws STORE_MISSING, LEASE_HELD, STORE_UNAVAILABLE and others */
export type HoldPart = (part: StorePart, how: Hold) => Promise<HeldTables | undefined>
