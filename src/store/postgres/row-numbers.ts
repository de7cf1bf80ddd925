import { int } from '../rows/columns.ts'
import type { Queries, Transaction } from './database.ts'

/** The tables whose rows are numbered in the order of the commits. */
export type Numbered = 'sessions' | 'follow_requests'

/**
 * Makes this transaction the only one that numbers rows of this table, until it ends. A reader that saw a row then never finds
 * another one with a lower number later, which numbers of a sequence don't promise.
 */
export async function lockNumbers(queries: Transaction, table: Numbered): Promise<void> {
  await queries.run("SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '/' || ?, 0))", table)
}

/** The number of a table's next row. Needs the lock. */
export async function nextNumber(queries: Queries, table: Numbered): Promise<number> {
  return int((await queries.get(`SELECT coalesce(max(sequence), 0) + 1 FROM ${table}`))?.[0])
}
