import { type AnyRow, Changeset, type Need, type Plan, type Step, type TableChanges } from '../../../journal/plan.ts'
import { assets, chain, clock } from '../../../journal/tables/facts.ts'
import { feed } from '../../../journal/tables/marks.ts'
import type { Table } from '../../../journal/tables/table.ts'
import { RememberedRows } from '../../rows/remembered-rows.ts'
import type { Queries } from '../database.ts'
import { answer, apply } from './journal-tables.ts'

/** Tables that most writes read a row or a few of, and which plans alone write. */
const REMEMBERED: readonly Table[] = [assets, chain, clock, feed]

/** What the writer of a chain remembers of its tables from one transaction to the next. */
export class RememberedTables {
  readonly #tables = new Map<Table, RememberedRows>(REMEMBERED.map((table) => [table, new RememberedRows(table.key)]))

  of(table: Table): RememberedRows | undefined {
    return this.#tables.get(table)
  }

  /** Call it once a transaction failed, and if anything but a plan wrote the tables. */
  forget(): void {
    for (const rows of this.#tables.values()) rows.forget()
  }
}

/**
 * The steps of plans in one transaction, in as few messages to the server as they allow: what is remembered is not asked, and
 * changes wait until something reads their table, or until there is nothing else to do, and all that one step
 * asks is asked at once.
 */
export class PlanRun {
  readonly #queries: Queries
  readonly #remembered: RememberedTables | undefined
  /** Changes that are not sent yet, each of another table. */
  #waiting = new Map<Table, TableChanges>()

  constructor(queries: Queries, remembered?: RememberedTables) {
    this.#queries = queries
    this.#remembered = remembered
  }

  async step(step: Step): Promise<void> {
    if (step instanceof Changeset) return this.#change(step)
    const asked = step.filter((need) => !this.#isRemembered(need))
    if (asked.some(({ table }) => this.#waiting.has(table))) await this.send()
    await Promise.all(asked.map((need) => this.#answer(need)))
  }

  /** Sends the changes that wait. Needed before statements that are no steps, and in the end. */
  async send(): Promise<void> {
    if (this.#waiting.size === 0) return
    const changes = [...this.#waiting.values()]
    this.#waiting = new Map()
    await apply(this.#queries, changes)
  }

  async #change(changeset: Changeset): Promise<void> {
    const fits = changeset.tables.every((changes) => canJoin(this.#waiting.get(changes.table), changes))
    if (!fits) await this.send()
    for (const changes of changeset.tables) {
      const first = this.#waiting.get(changes.table)
      this.#waiting.set(changes.table, first === undefined ? changes : joined(first, changes))
      this.#remembered?.of(changes.table)?.apply(changes)
    }
  }

  /** Answers a need from what is remembered. False if something is not. */
  #isRemembered(need: Need): boolean {
    const rows = this.#remembered?.of(need.table)
    return rows !== undefined && answerFrom(rows, need)
  }

  async #answer(need: Need): Promise<void> {
    await answer(this.#queries, need)
    const rows = this.#remembered?.of(need.table)
    if (rows !== undefined) remember(rows, need)
  }
}

/** Runs a plan to its end inside a transaction. Returns its result. */
export async function runPlan<Result>(queries: Queries, plan: Plan<Result>): Promise<Result> {
  const run = new PlanRun(queries)
  for (;;) {
    const step = plan.next()
    if (step.done === true) {
      await run.send()
      return step.value
    }
    await run.step(step.value)
  }
}

/** True if later changes of a table can be one with those that wait: rows that many statements of one write change. */
function canJoin(first: TableChanges | undefined, then: TableChanges): boolean {
  if (first === undefined) return true
  const others = [first.deleted, first.added, then.deleted, then.added]
  return REMEMBERED.includes(then.table) && others.every(({ length }) => length === 0)
}

/** What the changes of a table and later ones come to, each row once. */
function joined(first: TableChanges, then: TableChanges): TableChanges {
  const { table } = first
  const nameOf = (row: AnyRow): string => table.key.map((column) => row[column]).join('/')
  const inserted = new Map([...first.inserted, ...then.inserted].map((row) => [nameOf(row), row]))
  const updated = new Map(first.updated.map((one) => [nameOf(one.after), one]))
  for (const { before, after } of then.updated) {
    const name = nameOf(after)
    if (inserted.has(name)) inserted.set(name, after)
    else updated.set(name, { before: updated.get(name)?.before ?? before, after })
  }
  return { table, inserted: [...inserted.values()], updated: [...updated.values()], added: [], deleted: [] }
}

/** Answers a need from what is remembered. False if something is not. */
function answerFrom(remembered: RememberedRows, need: Need): boolean {
  if (need.type === 'count') return false
  if (need.type === 'scan') {
    const rows = remembered.scan(need)
    if (rows !== undefined) need.rows = rows
    return rows !== undefined
  }
  const rows: AnyRow[] = []
  for (const key of need.keys) {
    const row = remembered.find(need.by, key)
    if (row === undefined) return false
    rows.push(row)
  }
  need.rows = rows
  return true
}

function remember(remembered: RememberedRows, need: Need): void {
  if (need.type === 'scan') remembered.addScanned(need, need.rows)
  if (need.type !== 'lookup') return
  for (const row of need.rows) if (row !== undefined) remembered.add(need.by, row)
}
