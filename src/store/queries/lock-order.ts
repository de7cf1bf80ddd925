/**
 * Sorts rows that one transaction writes. Two that write the same rows in different orders would wait for each other, until the
 * server ends one of them with an error. Rows with one name keep their order.
 */
export function inLockOrder<T>(rows: readonly T[], nameOf: (row: T) => string): readonly T[] {
  return rows
    .map((row) => ({ row, name: nameOf(row) }))
    .sort((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)))
    .map(({ row }) => row)
}
