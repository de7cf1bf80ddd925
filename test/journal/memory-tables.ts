import {
  type AnyCount,
  type AnyLookup,
  type AnyRow,
  type AnyScan,
  Changeset,
  type Need,
  type Plan,
} from '../../src/journal/plan.ts'
import type { Table, Value } from '../../src/journal/tables/table.ts'

/** An engine that is a few maps: answers the needs of plans and applies their changesets. Strict about changesets. */
export class MemoryTables {
  readonly #tables = new Map<string, Map<string, AnyRow>>()

  run<Result>(plan: Plan<Result>): Result {
    for (;;) {
      const step = plan.next()
      if (step.done === true) return step.value
      if (step.value instanceof Changeset) this.#apply(step.value)
      else for (const need of step.value) this.#answer(need)
    }
  }

  #answer(need: Need): void {
    const rows = [...this.#of(need.table).values()]
    if (need.type === 'lookup') need.rows = lookedUp(rows, need)
    else if (need.type === 'scan') need.rows = scanned(rows, need)
    else need.count = counted(rows, need)
  }

  #apply(changeset: Changeset): void {
    for (const { table, inserted, updated, added, deleted } of changeset.tables) {
      const rows = this.#of(table)
      const nameOf = (row: AnyRow): string => table.key.map((column) => shown(row[column])).join('/')
      const named = [...deleted, ...inserted, ...added, ...updated.map(({ after }) => after)].map(nameOf)
      if (new Set(named).size !== named.length) throw new RangeError(`a changeset names a row of ${table.name} twice`)
      for (const row of deleted) rows.delete(nameOf(row))
      for (const row of inserted) {
        if (rows.has(nameOf(row))) throw new RangeError(`a row of ${table.name} is inserted that is there`)
        rows.set(nameOf(row), row)
      }
      for (const { before, after } of updated) {
        const stored = rows.get(nameOf(after))
        const isBefore =
          stored !== undefined && Object.keys(table.columns).every((column) => equal(stored[column], before[column]))
        if (!isBefore) throw new RangeError(`a row of ${table.name} is updated that is another one by now`)
        rows.set(nameOf(after), after)
      }
      for (const row of added) {
        const stored = rows.get(nameOf(row)) ?? {}
        const sums = Object.entries(row).map(([column, value]) => {
          return [column, typeof value === 'number' ? value + Number(stored[column] ?? 0) : value]
        })
        rows.set(nameOf(row), Object.fromEntries(sums))
      }
    }
  }

  #of({ name }: Table): Map<string, AnyRow> {
    let rows = this.#tables.get(name)
    if (rows === undefined) {
      rows = new Map()
      this.#tables.set(name, rows)
    }
    return rows
  }
}

function lookedUp(rows: readonly AnyRow[], { keys, by }: AnyLookup): (AnyRow | undefined)[] {
  return keys.map((key) => rows.find((row) => by.every((column) => equal(row[column], key[column]))))
}

function scanned(rows: readonly AnyRow[], { range }: AnyScan): AnyRow[] {
  const { where = {}, order, descending = false, after, through, outside, limit = rows.length } = range
  const compare = (row: AnyRow, bound: readonly Value[]): number => compareRows(row, bound, order)
  const bounded = new Set([...order.slice(0, Math.max(after?.length ?? 0, through?.length ?? 0))])
  const found = rows.filter((row) => {
    if (!matches(row, where) || [...bounded].some((column) => row[column] === undefined)) return false
    if (after !== undefined && compare(row, after) <= 0) return false
    if (through !== undefined && compare(row, through) > 0) return false
    if (outside === undefined) return true
    const value = row[outside.column]
    if (typeof value !== 'bigint') return false
    return value > outside.most || (outside.least !== undefined && value < outside.least)
  })
  const sorted = found.sort((a, b) =>
    compareRows(
      a,
      order.map((column) => b[column]),
      order,
    ),
  )
  return (descending ? sorted.reverse() : sorted).slice(0, limit)
}

function counted(rows: readonly AnyRow[], { where, limit }: AnyCount): number {
  return Math.min(limit, rows.filter((row) => matches(row, where)).length)
}

function matches(row: AnyRow, where: Partial<AnyRow>): boolean {
  return Object.entries(where).every(([column, value]) => equal(row[column], value))
}

function compareRows(row: AnyRow, bound: readonly Value[], order: readonly string[]): number {
  for (const [index, value] of bound.entries()) {
    const result = compareValues(row[order[index] ?? ''], value)
    if (result !== 0) return result
  }
  return 0
}

function compareValues(a: Value, b: Value): number {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? -1 : 1
  if (Buffer.isBuffer(a) && Buffer.isBuffer(b)) return a.compare(b)
  return a < b ? -1 : a > b ? 1 : 0
}

function equal(a: Value, b: Value): boolean {
  return Buffer.isBuffer(a) && Buffer.isBuffer(b) ? a.equals(b) : a === b
}

function shown(value: Value): string {
  return Buffer.isBuffer(value) ? value.toString('hex') : String(value)
}
