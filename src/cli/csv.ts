/** How cells are written. `spreadsheet`: no cell is read as a formula. */
export type CsvOptions = { readonly spreadsheet: boolean }

/** What a spreadsheet takes for the beginning of a formula. */
const FORMULA = /^[=+\-@\t\r]/

/**
 * A line of CSV as RFC 4180 has it, with its end (CRLF): a cell that holds a comma, a quote or a line's end is quoted.
 * Undefined is an empty cell. With `spreadsheet` a cell that a spreadsheet would calculate gets an apostrophe before it,
 * which changes the cell: not for machines.
 */
export function csvLine(cells: readonly (string | undefined)[], { spreadsheet }: CsvOptions): string {
  const written = cells.map((cell = '') => {
    const safe = spreadsheet && FORMULA.test(cell) ? `'${cell}` : cell
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
  })
  return `${written.join(',')}\r\n`
}
