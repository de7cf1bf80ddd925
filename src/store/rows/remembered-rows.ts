import type { AnyRow, AnyScan, TableChanges } from '../../journal/plan.ts'

/** Rows that are remembered under the same columns. Beyond that, they are forgotten: memory is bounded. */
const MAX_REMEMBERED = 50_000

/** Rows under the values of the columns that they were looked up by. */
type RowsBy = { readonly columns: readonly string[]; readonly rows: Map<string, AnyRow> }

/**
 * Rows of one table that its only writer read or wrote. Each changeset that passes changes them, so they are those of the
 * open transaction. If a transaction is rolled back, they must be forgotten.
 */
export class RememberedRows {
  readonly #by = new Map<string, RowsBy>()
  readonly #key: readonly string[]
  /** The row with the highest number as its key. */
  #newest: { readonly column: string; readonly row: AnyRow } | undefined

  /** `key`: the columns by which every row is remembered that passes. */
  constructor(key: readonly string[]) {
    this.#key = key
    this.forget()
  }

  /** The row with these values; undefined if it is not known. */
  find(by: readonly string[], key: Partial<AnyRow>): AnyRow | undefined {
    return this.#by.get(by.join())?.rows.get(nameOf(by, key))
  }

  add(by: readonly string[], row: AnyRow): void {
    const name = by.join()
    let known = this.#by.get(name)
    if (known === undefined) {
      known = { columns: by, rows: new Map() }
      this.#by.set(name, known)
    }
    remember(known, row)
  }

  /** The answer of a scan for the newest row; undefined if that is not known. */
  scan(scan: AnyScan): readonly AnyRow[] | undefined {
    return this.#newest !== undefined && newestBy(scan) === this.#newest.column ? [this.#newest.row] : undefined
  }

  /** Remembers what a scan answered, if it was for the newest row. */
  addScanned(scan: AnyScan, [row]: readonly AnyRow[]): void {
    const column = newestBy(scan)
    if (column !== undefined && row !== undefined) this.#newest = { column, row }
  }

  apply({ inserted, updated, added, deleted }: TableChanges): void {
    // A key that is deleted need not name the columns that its row is remembered by, and what is added is no whole row.
    if (deleted.length + added.length > 0) this.#forgetRows()
    for (const known of this.#by.values()) {
      for (const { before } of updated) known.rows.delete(nameOf(known.columns, before))
      for (const { after } of updated) remember(known, after)
      for (const row of inserted) remember(known, row)
    }
    for (const row of [...deleted, ...added]) if (this.#isNewest(row)) this.#newest = undefined
    for (const { after } of updated) if (this.#isNewest(after)) this.#pass(after)
    for (const row of inserted) this.#pass(row)
  }

  forget(): void {
    this.#forgetRows()
    this.#newest = undefined
  }

  #forgetRows(): void {
    this.#by.clear()
    this.#by.set(this.#key.join(), { columns: this.#key, rows: new Map() })
  }

  #isNewest(row: AnyRow): boolean {
    return this.#newest !== undefined && this.#newest.row[this.#newest.column] === row[this.#newest.column]
  }

  #pass(row: AnyRow): void {
    const newest = this.#newest
    if (newest !== undefined && Number(row[newest.column]) >= Number(newest.row[newest.column])) {
      this.#newest = { ...newest, row }
    }
  }
}

/** The column whose highest number a scan asks for; undefined if it asks for something else. */
function newestBy({ range }: AnyScan): string | undefined {
  const { where, order, descending, after, through, outside, limit } = range
  const isNewest = descending === true && limit === 1 && order.length === 1
  const isBounded = [where, after, through, outside].some((bound) => bound !== undefined)
  return isNewest && !isBounded ? order[0] : undefined
}

function remember({ columns, rows }: RowsBy, row: AnyRow): void {
  if (rows.size >= MAX_REMEMBERED) rows.clear()
  rows.set(nameOf(columns, row), row)
}

function nameOf(columns: readonly string[], row: Partial<AnyRow>): string {
  const [first = '', second] = columns
  // A number and a text that look alike are values of different columns.
  if (columns.length === 1) return String(row[first])
  if (columns.length === 2 && second !== undefined) return `${row[first]}\0${row[second]}`
  return columns.map((name) => row[name]).join('\0')
}
