import type { Row } from './columns.ts'

/** All rows of a table, with the names of their columns in the order of the row. */
export type TableRows = { readonly table: string; readonly columns: readonly string[]; readonly rows: readonly Row[] }

/**
 * Formats all rows as sorted lines: the table, and each column with its value, columns by name. Two stores with the same
 * rows give the same lines, whatever their engines and the order of their columns.
 */
export function dumpRows(tables: readonly TableRows[]): readonly string[] {
  return tables
    .flatMap(({ table, columns, rows }) => {
      const order = columns.map((column, index) => ({ column, index })).sort((a, b) => (a.column < b.column ? -1 : 1))
      return rows.map((row) => [table, ...order.map(({ column, index }) => `${column}=${cell(row[index])}`)].join(' '))
    })
    .sort()
}

/** Bytes as hex, text in quotes, and anything else as it is: no two values look alike. */
function cell(value: unknown): string {
  if (value === undefined || value === null) return 'null'
  return Buffer.isBuffer(value) ? `0x${value.toString('hex')}` : JSON.stringify(value)
}
