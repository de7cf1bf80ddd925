import type { Column, ColumnOf, Key, Row, Table, Value } from './tables/table.ts'

/**
 * A write of the journal: a generator that yields needs, gets their facts, and yields changesets. It is pure: an engine
 * drives it in one transaction. The facts of a need are those after all changesets that were yielded before it. Plans
 * bound each step: they go through long lists in chunks.
 */
export type Plan<Result> = Generator<Step, Result, void>

/** What a plan asks of its engine: to answer needs, or to apply a changeset. */
export type Step = readonly Need[] | Changeset

/** Rows that a plan needs. An engine answers many of one type at once, by setting their answers. */
export type Need = AnyLookup | AnyScan | AnyCount

/** A `Lookup` of any table. */
export type AnyLookup = Answer<readonly (AnyRow | undefined)[]> & {
  readonly type: 'lookup'
  readonly table: Table
  readonly keys: readonly Partial<AnyRow>[]
  readonly by: readonly string[]
}

/** A `Scan` of any table. */
export type AnyScan = Answer<readonly AnyRow[]> & {
  readonly type: 'scan'
  readonly table: Table
  readonly range: Omit<ScanRange<Table>, 'where'> & { readonly where?: Partial<AnyRow> }
}

/** A `Count` of any table. */
export type AnyCount = {
  readonly type: 'count'
  readonly table: Table
  readonly where: Partial<AnyRow>
  readonly limit: number
  count: number
}

type Answer<Rows> = { rows: Rows }

/** Rows by their key, or by other columns (`by`). */
export class Lookup<T extends Table> {
  readonly type = 'lookup'
  readonly table: T
  readonly keys: readonly Partial<Row<T>>[]
  readonly by: readonly ColumnOf<T>[]
  /** The answer: a row for each key, in their order: any one of several; undefined if there is none. */
  rows: readonly (Row<T> | undefined)[] = []

  constructor(table: T, keys: readonly Partial<Row<T>>[], by: readonly ColumnOf<T>[] = table.key) {
    this.table = table
    this.keys = keys
    this.by = by
  }
}

/** Which rows a scan returns. Bounds are values of the first columns of `order`. */
export type ScanRange<T extends Table> = {
  /** Only rows with these values. */
  readonly where?: Partial<Row<T>>
  readonly order: readonly ColumnOf<T>[]
  readonly descending?: boolean
  /** Only rows whose columns of the order are above these values. */
  readonly after?: readonly Value[]
  /** Only rows whose columns of the order are not above these values. */
  readonly through?: readonly Value[]
  /** Only rows of which this column is below the one number or above the other. */
  readonly outside?: { readonly column: ColumnOf<T>; readonly least?: bigint; readonly most: bigint }
  readonly limit?: number
}

/** Rows of a table in an order. Rows without a value in a bounded column are left out. */
export class Scan<T extends Table> {
  readonly type = 'scan'
  readonly table: T
  readonly range: ScanRange<T>
  /** The answer. */
  rows: readonly Row<T>[] = []

  constructor(table: T, range: ScanRange<T>) {
    this.table = table
    this.range = range
  }
}

/** The number of rows with some values, counted up to a limit. */
export class Count<T extends Table> {
  readonly type = 'count'
  readonly table: T
  readonly where: Partial<Row<T>>
  readonly limit: number
  /** The answer. */
  count = 0

  constructor(table: T, where: Partial<Row<T>>, limit = Number.MAX_SAFE_INTEGER) {
    this.table = table
    this.where = where
    this.limit = limit
  }
}

/** A row of any table. */
export type AnyRow = Readonly<Record<string, Value>>

/** What a changeset does to one table. It names each row at most once. */
export type TableChanges = {
  readonly table: Table<Readonly<Record<string, Column>>>
  readonly inserted: AnyRow[]
  readonly updated: { readonly before: AnyRow; readonly after: AnyRow }[]
  /** Rows whose numbers are added to those of the stored row with their key, if there is one; else they are inserted. */
  readonly added: AnyRow[]
  /** The keys of the rows that are deleted, if they are there. */
  readonly deleted: AnyRow[]
}

/** Rows to insert, update and delete, by table. */
export class Changeset {
  readonly #tables = new Map<Table, TableChanges>()

  /** The changes of each table. */
  get tables(): readonly TableChanges[] {
    return [...this.#tables.values()]
  }

  /** Writes a row that is not stored. */
  insert<T extends Table>(table: T, row: Row<T>): void {
    this.#of(table).inserted.push(row)
  }

  /** Replaces a stored row by another with the same key. */
  update<T extends Table>(table: T, before: Row<T>, after: Row<T>): void {
    this.#of(table).updated.push({ before, after })
  }

  /** Writes a row, whether or not one was stored (`before`). */
  put<T extends Table>(table: T, before: Row<T> | undefined, after: Row<T>): void {
    if (before === undefined) this.insert(table, after)
    else this.update(table, before, after)
  }

  /**
   * Adds the numbers of a row to those of the stored row with its key, or writes it if none is stored. All columns but those
   * of the key are numbers.
   */
  add<T extends Table>(table: T, row: Row<T>): void {
    this.#of(table).added.push(row)
  }

  /** Deletes a row, if it is there. */
  delete<T extends Table>(table: T, key: Key<T>): void {
    this.#of(table).deleted.push(key)
  }

  #of(table: Table): TableChanges {
    let changes = this.#tables.get(table)
    if (changes === undefined) {
      changes = { table, inserted: [], updated: [], added: [], deleted: [] }
      this.#tables.set(table, changes)
    }
    return changes
  }
}

/** Asks for rows by key. */
export function* lookup<T extends Table>(
  table: T,
  keys: readonly Partial<Row<T>>[],
  by?: readonly ColumnOf<T>[],
): Plan<readonly (Row<T> | undefined)[]> {
  if (keys.length === 0) return []
  const need = new Lookup(table, keys, by)
  yield [need]
  return need.rows
}

/** Asks for one row by key. */
export function* find<T extends Table>(table: T, key: Partial<Row<T>>): Plan<Row<T> | undefined> {
  const need = new Lookup(table, [key])
  yield [need]
  return need.rows[0]
}

/** Asks for rows in an order. */
export function* scan<T extends Table>(table: T, range: ScanRange<T>): Plan<readonly Row<T>[]> {
  const need = new Scan(table, range)
  yield [need]
  return need.rows
}

/** Asks how many rows have some values. */
export function* count<T extends Table>(table: T, where: Partial<Row<T>>, limit?: number): Plan<number> {
  const need = new Count(table, where, limit)
  yield [need]
  return need.count
}

/** Yields a changeset that `fill` fills. */
export function* write(fill: (changeset: Changeset) => void): Plan<void> {
  const changeset = new Changeset()
  fill(changeset)
  if (changeset.tables.length > 0) yield changeset
}

/**
 * Runs plans side by side, so that their needs are answered at once. No plan may write a row that another one reads or
 * writes.
 */
export function* together<Result>(plans: readonly Plan<Result>[]): Plan<Result[]> {
  const results: Result[] = []
  let running = [...plans.entries()]
  while (running.length > 0) {
    const needs: Need[] = []
    const writes: Changeset[] = []
    running = running.filter(([index, plan]) => {
      const step = plan.next()
      if (step.done === true) results[index] = step.value
      else if (step.value instanceof Changeset) writes.push(step.value)
      else needs.push(...step.value)
      return step.done !== true
    })
    for (const changeset of writes) yield changeset
    if (needs.length > 0) yield needs
  }
  return results
}

/** Parts of a list, in its order, of at most `size` each. */
export function* chunksOf<T>(list: readonly T[], size: number): Generator<readonly T[]> {
  for (let start = 0; start < list.length; start += size) yield list.slice(start, start + size)
}
