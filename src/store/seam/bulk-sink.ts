import type { BlockRef, Header } from '../../core/block.ts'
import type { SinkSharing } from './sink-sharing.ts'

/** The tables and indexes whose rows a bulk load writes in the order of their keys. */
export const SORTED_TABLES = [
  'transfers',
  'transfers_by_asset',
  'changes',
  'balances',
  'balances_as_met',
  'accounts',
  'balances_by_amount',
] as const
/** One of SORTED_TABLES. */
export type SortedTable = (typeof SORTED_TABLES)[number]

/** The indexes among them, which an engine may make itself. */
export const INDEXES: readonly SortedTable[] = ['transfers_by_asset', 'balances_as_met', 'balances_by_amount']

/** The tables whose rows come account by account. */
export const ACCOUNT_TABLES = ['changes', 'balances', 'balances_as_met', 'accounts'] as const

/**
 * The tables whose rows a bulk load writes in any order, after the sorted ones. `hinted_again`: the hints of blocks that are
 * not published yet at pairs that published blocks hint at too. It is removed when the generation is published.
 */
export type SmallTable = 'assets' | 'blocks' | 'hints' | 'doubts' | 'hinted_again'

/** A row that a sink cannot store: another sink must be used. */
export class RowTooLarge extends Error {
  override readonly name = 'RowTooLarge'
}

/**
 * Takes the rows of one table in the order of its key, value by value in the order of the columns. An index has the
 * columns of its key and then those of the table's key that it lacks.
 */
export interface RowWriter {
  /** A whole number that is not negative. */
  int(value: number): void
  /** The bytes of `source` from `start` to `end`. They are copied. */
  bytes(source: Uint8Array, start: number, end: number): void
  nothing(): void
  /** Ends a row. @throws RowTooLarge */
  end(): void
}

/** Takes the rows of an index that the engine makes itself. */
export class NoRows implements RowWriter {
  int(): void {}
  bytes(): void {}
  nothing(): void {}
  end(): void {}
}

/** What a bulk load knows at its end. */
export type BulkEnd = {
  /** The last block of the load, and the last one that is final. */
  readonly through: Header
  readonly finalized: Header
  /** The headers of all blocks behind the final ones, in order. */
  readonly tail: readonly Header[]
  readonly transfers: number
  /** Tokens with a transfer that could not be decoded, each with the first one. They can be read once. */
  readonly undecodable: Iterable<UndecodableToken>
}

/** A token with a transfer that could not be decoded, in this block. `account`: as stored, if it is kept. */
export type UndecodableToken = {
  readonly asset: number
  readonly block: BlockRef
  readonly account: Uint8Array | undefined
}

/** Where a bulk load writes: a fresh file or fresh tables, which no reader sees before they are published. */
export interface BulkSink {
  /** False if the engine makes the indexes itself: their rows need not be written. */
  readonly takesIndexes: boolean
  /** The writer of a sorted table. Rows of several tables may come by turns. */
  rows(table: SortedTable): RowWriter
  /** Lets another thread write rows of ACCOUNT_TABLES; undefined if the engine takes rows from one thread only. */
  readonly sharing: SinkSharing | undefined
  /** All rows of sorted tables are written. */
  endRows(): void
  insert(table: SmallTable, values: readonly (number | string | Uint8Array | null)[]): void
  /** Closes what is complete. The check before it is published makes it durable. @throws STORE_FULL */
  finish(end: BulkEnd): void
  /** Closes and removes what was written. */
  abandon(): void
}
