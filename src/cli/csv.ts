/** How cells are written. `spreadsheet`: no cell is read as a formula. */
export type CsvOptions = { readonly spreadsheet: boolean }

/**
 * Where a spreadsheet takes what follows for a formula: at the beginning of a cell, and after a semicolon, at which
 * those of many countries split cells, quoted or not. Full-width signs count as signs in some.
 */
const FORMULA = /(^|;)(?="*[=+\-@\t\r＝＋－＠])/g

/**
 * A line of CSV as RFC 4180 has it, with its end (CRLF): a cell that holds a comma, a quote or a line's end is quoted.
 * Undefined is an empty cell. With `spreadsheet` what a spreadsheet would calculate gets an apostrophe before it, which
 * changes the cell: not for machines.
 */
export function csvLine(cells: readonly (string | undefined)[], { spreadsheet }: CsvOptions): string {
  const written = cells.map((cell = '') => {
    const safe = spreadsheet ? cell.replace(FORMULA, "$1'") : cell
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
  })
  return `${written.join(',')}\r\n`
}
