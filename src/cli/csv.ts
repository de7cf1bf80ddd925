/** How `csvLine` writes cells. `spreadsheet`: a spreadsheet reads no cell as a formula. */
export type CsvOptions = { readonly spreadsheet: boolean }

/**
 * Where a spreadsheet starts to read a formula: at the beginning of a cell, and after a semicolon, which separates
 * cells in many countries, quoted or not. Some spreadsheets also accept full-width signs.
 */
const FORMULA = /(^|;)(?="*[=+\-@\t\r＝＋－＠])/g

/**
 * A line of CSV (RFC 4180) with its CRLF. A cell that holds a comma, a quote or a line end is quoted. Undefined is an
 * empty cell. `spreadsheet` puts an apostrophe before text that a spreadsheet would calculate. That changes the cell,
 * so do not use it for machines.
 */
export function csvLine(cells: readonly (string | undefined)[], { spreadsheet }: CsvOptions): string {
  const written = cells.map((cell = '') => {
    const safe = spreadsheet ? cell.replace(FORMULA, "$1'") : cell
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
  })
  return `${written.join(',')}\r\n`
}
