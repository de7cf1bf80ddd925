import type { ChainId } from '../../core/chain.ts'

/** A group of tables of a store: what cannot be rebuilt, a chain's journal, or the stored reads of a chain's nodes. */
export type StorePart =
  | { readonly of: 'store' }
  | { readonly of: 'journal'; readonly chain: ChainId }
  | { readonly of: 'reads'; readonly chain: ChainId }

/** A stored value. */
export type Cell = number | string | Buffer | null

/** A table, with its columns by name, and those of its key in order. Rows have their values in the order of `columns`. */
export type StoreTable = {
  readonly part: StorePart
  readonly name: string
  readonly columns: readonly string[]
  readonly key: readonly string[]
}

/** The rows of a store as they are, to copy them to a store of any engine. No process may write either store meanwhile. */
export interface StoreTables {
  /** The tables of a part that are copied, by name; none if the store has no such part. Makes the part's tables if `make`. */
  tables(part: StorePart, make: boolean): Promise<readonly StoreTable[]>
  /** The next rows after a key, in the order of keys; from the first if it is undefined. */
  rows(table: StoreTable, after: readonly Cell[] | undefined, limit: number): Promise<readonly (readonly Cell[])[]>
  /** The key of the last row; undefined if there are no rows. */
  last(table: StoreTable): Promise<readonly Cell[] | undefined>
  /** Adds rows behind all that the table has, in one transaction. */
  insert(table: StoreTable, rows: readonly (readonly Cell[])[]): Promise<void>
  /**
   * Spreads the tables of a part over the servers of a cluster, as far as they are not yet. Returns what was done, in words.
   * @throws CONFIG_INVALID the store is in no cluster
   */
  distribute(part: StorePart): Promise<readonly string[]>
  /** Releases the rights to write, and closes. */
  close(): Promise<void>
}
