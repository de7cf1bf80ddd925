import { cutToWidth, displayWidth, harmless } from './display-width.ts'

/** Columns between two cells. */
const GAP = '  '
/** Widest cell of a column without a bound, in columns: the longest address, so that none is cut in a file. */
const MAX_CELL_COLUMNS = 66

/** Least width of a last column that would pass the edge of the terminal. */
const MIN_LAST_COLUMNS = 8

/**
 * `columns`: the terminal's width, undefined if there is no terminal. `bounds`: greatest widths by column on a
 * terminal.
 */
export type TableSpace = { readonly columns: number | undefined; readonly bounds?: readonly number[] }

/**
 * Rows as aligned lines, each with a line end. The first row may be the heading. On a terminal, cells are cut to their
 * bounds, and the last cell to the rest of the line.
 */
export function alignedLines(
  rows: readonly (readonly string[])[],
  { columns, bounds = [] }: TableSpace,
): readonly string[] {
  const bound = (column: number): number =>
    columns === undefined ? MAX_CELL_COLUMNS : (bounds[column] ?? MAX_CELL_COLUMNS)
  const cells = rows.map((row) => row.map((cell, column) => cutToWidth(harmless(cell), bound(column))))
  const widths: number[] = []
  for (const row of cells) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, displayWidth(cell))
  }
  return cells.map((row) => {
    const start = row.slice(0, -1).map((cell, column) => padded(cell, widths[column] ?? 0) + GAP)
    const left = (columns ?? Number.POSITIVE_INFINITY) - displayWidth(start.join(''))
    const last = cutToWidth(row.at(-1) ?? '', Math.max(MIN_LAST_COLUMNS, left))
    return `${(start.join('') + last).trimEnd()}\n`
  })
}

/**
 * The bounds of a table whose rows fit a line because one column takes only what the others leave, at least `least`
 * columns.
 */
export function boundsFor(
  rows: readonly (readonly string[])[],
  { columns, flexible, least }: { readonly columns: number; readonly flexible: number; readonly least: number },
): readonly number[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => displayWidth(row[column] ?? ''))))
  const others = widths.reduce((sum, width, column) => (column === flexible ? sum : sum + width + GAP.length), 0)
  return widths.map((width, column) => (column === flexible ? Math.max(least, columns - others) : width))
}

function padded(cell: string, width: number): string {
  return cell + ' '.repeat(Math.max(0, width - displayWidth(cell)))
}
