import type { Step } from '../../journal/plan.ts'
import type { Row } from '../rows/columns.ts'

/** What a statement's parameter may be. */
export type Value = number | string | Buffer | null

/** Parameters by name, which the statement has as `@name`. */
export type Named = Readonly<Record<string, Value>>

/**
 * A statement of SQL that all engines know. Parameters are `?` or `@name`; bytes are written as `x'80'`, their hex digits in
 * capital letters are `hex(column)`, which is '' for null, texts are joined by `group_concat`, and the least of the bytes `sum` is
 * `min(sum)`. Tables of stored reads of nodes are named `noted.table`. `INDEXED BY` and the order of `CROSS JOIN … ON` are for engines that do not choose by themselves. `isOne`: at
 * most one row is wanted.
 */
export class Sql {
  readonly text: string
  readonly isOne: boolean
  /** False: the statement only writes, and has no rows. */
  readonly hasRows: boolean

  constructor(text: string, isOne: boolean) {
    this.text = text
    this.isOne = isOne
    this.hasRows = !/^(INSERT|UPDATE|DELETE)/.test(text) || text.includes(' RETURNING ')
  }
}

/** A statement with all its rows. */
export function rowsOf(text: string): Sql {
  return new Sql(text, false)
}

/** A statement of which the first row is wanted, if it has any. */
export function rowOf(text: string): Sql {
  return new Sql(text, true)
}

/** A statement with its parameters: in order, or by name. */
export type Asked = readonly [sql: Sql, ...values: readonly Value[]] | readonly [sql: Sql, named: Named]

/**
 * Reads of an engine, written once for all: a generator that yields statements and gets their rows. An engine drives it
 * in one snapshot: at once where it is in this process, else by promises.
 */
export type Query<T> = Generator<Asked, T, readonly Row[]>

/** Reads and plans of a writer in one transaction. What a plan asks is yielded as it is; its answers are in it. */
export type Work<T> = Generator<Asked | Step, T, readonly Row[]>

/** Runs a plan as a part of a writer's work. */
export function* planned<T>(plan: Generator<Step, T, void>): Work<T> {
  for (;;) {
    const step = plan.next()
    if (step.done === true) return step.value
    yield step.value
  }
}

/** True if this is a statement, not a step of a plan. */
export function isAsked(step: Asked | Step): step is Asked {
  return Array.isArray(step) && step[0] instanceof Sql
}
