import type { Row } from '../rows/columns.ts'
import { type Asked, Each, each, type Query, type Sql, type ValueType } from './query.ts'

/** A query that waits for the rows of what it asked, and its place among all. */
type Waiting<T> = { readonly at: number; readonly query: Query<T>; readonly asked: Asked }

const NO_ROWS: readonly Row[] = []

/**
 * Runs reads side by side, and returns their results in the same order. What several of them ask of one statement at the same time
 * is asked at once (`Each`), if one row is wanted of it: so many rows take as many messages as one of them.
 */
export function* sideBySide<T>(queries: readonly Query<T>[]): Query<readonly T[]> {
  const results: T[] = []
  let waiting: Waiting<T>[] = []
  const goOn = (at: number, query: Query<T>, rows: readonly Row[]): void => {
    const step = query.next(rows)
    if (step.done === true) results[at] = step.value
    else waiting.push({ at, query, asked: step.value })
  }
  for (const [at, query] of queries.entries()) goOn(at, query, NO_ROWS)
  while (waiting.length > 0) {
    const now = waiting
    waiting = []
    for (const [statement, group] of alike(now)) {
      if (statement === undefined || group.length === 1) {
        for (const { at, query, asked } of group) goOn(at, query, yield asked)
        continue
      }
      const found = yield [statement, group.map(({ asked }) => valuesOf(asked))]
      for (const [index, { at, query }] of group.entries()) {
        const row = found[index]
        goOn(at, query, row === undefined || row.length === 0 ? NO_ROWS : [row])
      }
    }
  }
  return results
}

/**
 * A row for each of those that are given: by `quick`, or read side by side where that returns undefined. Most rows need no reading, and
 * cost no generator then.
 */
export function* eachRow<Given, Quick, Read>(
  given: readonly Given[],
  { quick, read }: { readonly quick: (one: Given) => Quick | undefined; readonly read: (one: Given) => Query<Read> },
): Query<readonly (Quick | Read)[]> {
  const rows: (Quick | Read)[] = []
  const missing: { readonly at: number; readonly one: Given }[] = []
  for (const [at, one] of given.entries()) {
    const row = quick(one)
    if (row === undefined) missing.push({ at, one })
    else rows[at] = row
  }
  if (missing.length === 0) return rows
  const found = yield* sideBySide(missing.map(({ one }) => read(one)))
  for (const [index, { at }] of missing.entries()) rows[at] = found[index] as Read
  return rows
}

/** Groups those that are asked at once, by their statement for many rows of values. Undefined: each is asked alone. */
function alike<T>(waiting: readonly Waiting<T>[]): ReadonlyMap<Each | undefined, readonly Waiting<T>[]> {
  const groups = new Map<Each | undefined, Waiting<T>[]>()
  for (const one of waiting) {
    const statement = manyOf(one.asked)
    const group = groups.get(statement)
    if (group === undefined) groups.set(statement, [one])
    else group.push(one)
  }
  return groups
}

type Values = readonly (number | string | Buffer)[]

const TYPES: Readonly<Record<string, ValueType>> = { object: 'bytes', number: 'int', string: 'text' }
/** The statements for many rows of values, by the types of the values. */
const known = new WeakMap<Sql, Map<string, Each>>()

/** A statement for many rows of values; undefined if it may have several rows, or values with names or without a type. */
function manyOf(asked: Asked): Each | undefined {
  const [sql] = asked
  if (!sql.isOne || !sql.text.startsWith('SELECT') || sql instanceof Each) return undefined
  const values: readonly unknown[] = asked.slice(1)
  if (!values.every((value) => typeof value !== 'object' || Buffer.isBuffer(value))) return undefined
  const types = values.map((value) => TYPES[typeof value] ?? 'text')
  const ofSql = known.get(sql) ?? new Map<string, Each>()
  const made = ofSql.get(types.join()) ?? each(sql.text, types)
  known.set(sql, ofSql.set(types.join(), made))
  return made
}

function valuesOf(asked: Asked): Values {
  return asked.slice(1) as Values
}
