import type { Row } from '../database.ts'

/** Rows of a page, that are in memory at once. */
export const ROWS_AT_ONCE = 1_000

/** The rows of pages, each of which follows the last row of the one before; `[]` before the first. */
export function* pages(next: (last: Row) => Row[]): Generator<Row> {
  for (let rows = next([]); rows.length > 0; rows = next(rows.at(-1) ?? [])) yield* rows
}
