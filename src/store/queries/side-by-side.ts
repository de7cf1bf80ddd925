import type { Row } from '../rows/columns.ts'
import { type Asked, type Each, each, type Query, type Sql, type ValueType } from './query.ts'

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

/** Groups those that are asked at once, by their statement for many rows of values. Undefined: each is asked alone. */
function alike<T>(waiting: readonly Waiting<T>[]): ReadonlyMap<Each | undefined, readonly Waiting<T>[]> {
  const groups = new Map<Each | undefined, Waiting<T>[]>()
  let last: { readonly statement: Each | undefined; readonly group: Waiting<T>[] } | undefined
  for (const one of waiting) {
    const statement = manyOf(one.asked)
    if (last === undefined || last.statement !== statement) {
      last = { statement, group: groups.get(statement) ?? [] }
      groups.set(statement, last.group)
    }
    last.group.push(one)
  }
  return groups
}

type Values = readonly (number | string | Buffer)[]

const TYPES: Readonly<Record<string, ValueType>> = { b: 'bytes', i: 'int', t: 'text' }
/** The statements for many rows of values, by the types of the values. */
const known = new WeakMap<Sql, Map<string, Each>>()

/** A statement for many rows of values; undefined if it may have several rows, no values, or values with names or without a type. */
function manyOf(asked: Asked): Each | undefined {
  const [sql] = asked
  if (!sql.isOne || !sql.hasRows) return undefined
  const types = typesOf(asked)
  if (types === undefined || types === '') return undefined
  const made = known.get(sql)?.get(types)
  if (made !== undefined) return made
  if (!sql.text.startsWith('SELECT')) return undefined
  const many = each(
    sql.text,
    [...types].map((type) => TYPES[type] ?? 'text'),
  )
  known.set(sql, (known.get(sql) ?? new Map<string, Each>()).set(types, many))
  return many
}

/** A letter for each value. */
function typesOf(asked: Asked): string | undefined {
  let types = ''
  for (let at = 1; at < asked.length; at++) {
    const value = asked[at]
    if (typeof value === 'number') types += 'i'
    else if (typeof value === 'string') types += 't'
    else if (Buffer.isBuffer(value)) types += 'b'
    else return undefined
  }
  return types
}

function valuesOf(asked: Asked): Values {
  return asked.slice(1) as Values
}
