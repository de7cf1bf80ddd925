import { gatherWhileBusy } from '../../../core/per-tick.ts'
import { type Asked, Each, type Sql, type Value } from '../../queries/query.ts'
import { int, type Row } from '../../rows/columns.ts'
import type { Queries } from '../database.ts'
import { readForEach } from '../each-text.ts'
import { answerAsked, inWords } from './run-query.ts'

/** Who gets the rows of statement number `at`, or why there are none. `sharedBy`: how many were one statement, this one too. */
type Answering = {
  readonly answered: (at: number, rows: readonly Row[]) => void
  readonly failed: (at: number, error: unknown, sharedBy: number) => void
}

/** Statements that are answered by one. `at`: their places among all that were asked. */
type Alike = {
  readonly asked: Asked[]
  readonly at: number[]
  /** By the types of their values. Undefined: the array of a value without a type could not be named, so it is asked alone. */
  readonly types: string | undefined
}

type Statements = Pick<Queries, 'all'>

const NO_ROWS: readonly Row[] = []

/** Answers reads that are asked at the same time: those that differ only in their values are one statement. Never rejects. */
export async function askTogether(
  queries: Statements,
  asked: readonly Asked[],
  { answered, failed }: Answering,
): Promise<void> {
  const all = alike(asked).map(async (group) => {
    const { at } = group
    let found: readonly (readonly Row[])[]
    try {
      found = await rowsOf(queries, group)
    } catch (error) {
      for (const one of at) failed(one, error, at.length)
      return
    }
    for (const [index, one] of at.entries()) answered(one, found[index] ?? NO_ROWS)
  })
  await Promise.all(all)
}

/**
 * Asks reads each of which is a snapshot of its own. Those that wait at the same time are asked together. Each fails with the
 * statement that it shares.
 */
export function askerOf(queries: Statements): (asked: Asked) => Promise<readonly Row[]> {
  type Waiting = {
    readonly asked: Asked
    readonly resolve: (rows: readonly Row[]) => void
    readonly reject: (error: unknown) => void
  }
  const add = gatherWhileBusy<Waiting>((waiting) =>
    askTogether(
      queries,
      waiting.map(({ asked }) => asked),
      { answered: (at, rows) => waiting[at]?.resolve(rows), failed: (at, error) => waiting[at]?.reject(error) },
    ),
  )
  return (asked) => new Promise((resolve, reject) => add({ asked, resolve, reject }))
}

/** True if both ask the same. */
export function isSame(one: Asked, other: Asked): boolean {
  if (one[0] !== other[0] || one.length !== other.length) return false
  for (let at = 1; at < one.length; at++) if (!isEqual(one[at], other[at])) return false
  return true
}

function isEqual(one: unknown, other: unknown): boolean {
  if (one === other) return true
  if (Buffer.isBuffer(one)) return Buffer.isBuffer(other) && one.equals(other)
  if (!isObject(one) || !isObject(other)) return false
  const names = Object.keys(one)
  return names.length === Object.keys(other).length && names.every((name) => isEqual(one[name], other[name]))
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Buffer.isBuffer(value)
}

function alike(asked: readonly Asked[]): readonly Alike[] {
  const all: Alike[] = []
  const known = new Map<Sql, Alike[]>()
  for (const [index, one] of asked.entries()) {
    const [sql] = one
    const types = sql instanceof Each ? '' : typesOf(inWords(one).values)
    const ofSql = known.get(sql) ?? []
    const group = types === undefined ? undefined : ofSql.find((other) => other.types === types)
    if (group !== undefined) {
      group.at.push(index)
      group.asked.push(one)
      continue
    }
    const made: Alike = { asked: [one], at: [index], types }
    all.push(made)
    known.set(sql, [...ofSql, made])
  }
  return all
}

const TYPES: Readonly<Record<string, string>> = { object: 'bytea', number: 'bigint', string: 'text' }

function typesOf(values: readonly Value[]): string | undefined {
  return values.includes(null) ? undefined : values.map((value) => TYPES[typeof value]).join()
}

/** The rows of each of them. */
async function rowsOf(queries: Statements, { asked, types }: Alike): Promise<readonly (readonly Row[])[]> {
  const [first] = asked as [Asked]
  const [sql] = first
  if (asked.length === 1) return [await answerAsked(queries, first)]
  if (sql instanceof Each) {
    const lists = asked.map(([, rows]) => rows as readonly (readonly Value[])[])
    const rows = await answerAsked(queries, [sql, lists.flat()])
    let next = 0
    return lists.map(({ length }) => {
      next += length
      return rows.slice(next - length, next)
    })
  }
  if (types === undefined || types === '') {
    const rows = await answerAsked(queries, first)
    return asked.map(() => rows)
  }
  const words = asked.map(inWords)
  const columns = (words[0]?.values ?? []).map((_, column) => words.map(({ values }) => values[column] ?? null))
  return byNumber(await queries.all(forEach(words[0]?.text ?? '', types), ...columns), asked.length)
}

const known = new Map<string, string>()

/** The statement for many rows of values of these types. */
function forEach(text: string, types: string): string {
  const name = `${types} ${text}`
  let made = known.get(name)
  if (made === undefined) {
    made = readForEach(text, types.split(','))
    known.set(name, made)
  }
  return made
}

/** The rows of each number from 1 on, without it. */
function byNumber(rows: readonly Row[], count: number): readonly (readonly Row[])[] {
  const found: Row[][] = Array.from({ length: count }, () => [])
  for (const [number, ...row] of rows) found[int(number) - 1]?.push(row)
  return found
}
