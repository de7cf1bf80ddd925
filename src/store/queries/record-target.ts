import { ServiceError } from '../../core/errors.ts'
import type { Cell } from '../seam/store-tables.ts'
import { rowsOf, type Sql } from './query.ts'
import type { RecordSnapshot, TableShape } from './record-snapshot.ts'

/** A store without rows that is filled in one transaction, beside which nobody writes. `close` takes back what was not committed. */
export interface RecordTarget extends RecordSnapshot {
  insert(table: TableShape, rows: readonly (readonly Cell[])[]): Promise<void>
  commit(): Promise<void>
}

/**
 * Tables that no backup has: what an engine notes for itself, what running processes tell each other, when keys were used, and
 * sessions, which would come to life again after they ended.
 */
const NOT_SAVED = new Set([
  ...['parts', 'migrations', 'leases', 'accepted_clocks', 'reports', 'comparisons', 'calls'],
  ...['uses', 'sessions', 'queued', 'repaired'],
])

/** True if the rows of a table of the store itself belong into a backup. */
export function isSaved({ name }: TableShape): boolean {
  return !NOT_SAVED.has(name)
}

/** A statement that returns a row if a table has any. */
export function anyRowOf({ name }: TableShape): Sql {
  return rowsOf(`SELECT 1 FROM ${name} LIMIT 1`)
}

/** The error for a store that is not empty. `place`: where it is, without secrets. */
export function hasRows({ name }: TableShape, place: string): ServiceError {
  const message = `the store in ${place} has rows of its own in ${name}: restore into an empty folder, database or schema`
  return new ServiceError('STORE_MISMATCH', message)
}
