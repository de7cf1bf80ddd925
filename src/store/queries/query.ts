import type { Step } from '../../journal/plan.ts'
import type { Row } from '../rows/columns.ts'

/** What a statement's parameter may be. */
export type Value = number | string | Buffer | null

/** Parameters by name, which the statement has as `@name`. */
export type Named = Readonly<Record<string, Value>>

/**
 * A statement of SQL that all engines know. Parameters are `?` or `@name`; bytes are written as `x'80'`, their hex digits in
 * capital letters are `hex(column)`, which is '' for null, texts are joined by `group_concat`, and the least of the bytes `sum` is
 * `min(sum)`. The texts of a list are `SELECT value FROM json_each(@list)`, and `column COLLATE NOCASE` has A to Z as a to z. Tables of
 * stored reads of nodes are named `noted.table`. `INDEXED BY` and the order of `CROSS JOIN … ON` are for engines that do not choose by
 * themselves. `isOne`: at most one row is wanted.
 */
export class Sql {
  readonly text: string
  readonly isOne: boolean
  /** False: the statement only writes, and has no rows; or it is one of the special ones below. */
  readonly hasRows: boolean

  constructor(
    text: string,
    isOne: boolean,
    hasRows = !/^(INSERT|UPDATE|DELETE)/.test(text) || /\sRETURNING\s/.test(text),
  ) {
    this.text = text
    this.isOne = isOne
    this.hasRows = hasRows
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

/** The types of the values of `Each`, in their order. */
export type ValueType = 'bytes' | 'int' | 'text'

/**
 * A statement that is run for each of many rows of values. Of a read, at most one row is wanted for each: the answer has as many
 * rows as there are values, in their order, and `NO_ROW` where none was found. An `INSERT` has one list of `VALUES`, and an engine
 * may run it at once for all: no two rows of values may have one key. Rows that are written are given in the order of their keys
 * (`inLockOrder`).
 */
export class Each extends Sql {
  readonly types: readonly ValueType[]
  readonly isRead: boolean

  constructor(text: string, types: readonly ValueType[]) {
    super(text, true, false)
    this.types = types
    this.isRead = text.startsWith('SELECT')
  }
}

/** A statement for each of many rows of values of these types. */
export function each(text: string, types: readonly ValueType[]): Each {
  return new Each(text, types)
}

/**
 * From here on, this transaction is the only one that has the turn of this name, until it ends. A reader that saw a row that was
 * numbered in turn never finds another one with a lower number later. Nothing to do where transactions that write take turns anyway.
 */
export const TURN = new Sql('TURN', false, false)

/** From here on, this transaction is the only one that writes the table of this name. For writes that find their rows by conditions. */
export const ALONE = new Sql('ALONE', false, false)

/** The name of the journal that is read: another one once its rows were replaced as a whole. One row with one text. */
export const GENERATION = new Sql('GENERATION', true, false)

/** A statement with its parameters: in order, by name, or many of them. */
export type Asked =
  | readonly [sql: Sql, ...values: readonly Value[]]
  | readonly [sql: Sql, named: Named]
  | readonly [each: Each, rows: readonly (readonly Value[])[]]

/**
 * Reads of an engine, written once for all: a generator that yields statements and gets their rows. An engine drives it
 * in one snapshot: at once where it is in this process, else by promises.
 */
export type Query<T> = Generator<Asked, T, readonly Row[]>

/**
 * First statements of queries that have several. A query with one statement needs no transaction, since that is a snapshot by itself;
 * these begin one at once the next time.
 */
export const needSnapshot = new WeakSet<Sql>()

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
