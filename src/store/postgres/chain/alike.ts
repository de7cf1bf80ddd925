import { gatherWhileBusy } from '../../../core/per-tick.ts'
import type { Asked, Named, Sql, Value } from '../../queries/query.ts'
import { int, type Row } from '../../rows/columns.ts'
import type { Queries } from '../database.ts'
import { translated } from './run-query.ts'

/** A statement in PostgreSQL's words, with its values in the order of their numbers. */
type Spoken = { readonly sql: Sql; readonly text: string; readonly values: readonly Value[] }

/** Statements that differ only in their values. `at`: their places among all that were asked. */
type Alike = { readonly first: Spoken; readonly at: number[]; readonly values: (readonly Value[])[] }

/** Who gets the rows of statement number `at`, or why there are none. `sharedBy`: how many were one statement, this one too. */
type Answering = {
  readonly answered: (at: number, rows: readonly Row[]) => void
  readonly failed: (at: number, error: unknown, sharedBy: number) => void
}

const NO_ROWS: readonly Row[] = []

/**
 * Answers statements that are asked at the same time: those that differ only in their values are one statement. Never rejects.
 */
export async function askTogether(
  queries: Pick<Queries, 'all'>,
  asked: readonly Asked[],
  { answered, failed }: Answering,
): Promise<void> {
  const all = [...alike(asked)].map(async ({ first, at, values }) => {
    let found: readonly (readonly Row[])[]
    try {
      found = await rowsOf(queries, first, values)
    } catch (error) {
      for (const one of at) failed(one, error, at.length)
      return
    }
    for (const [index, one] of at.entries()) answered(one, found[index] ?? NO_ROWS)
  })
  await Promise.all(all)
}

/**
 * Asks statements each of which is a snapshot of its own. Those that wait at the same time are asked together. Each fails with the
 * statement that it shares.
 */
export function askerOf(queries: Pick<Queries, 'all'>): (asked: Asked) => Promise<readonly Row[]> {
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
  return isNamed(one) && isNamed(other) && Object.keys(one).every((name) => isEqual(one[name], other[name]))
}

/** The names of a statement's values are always the same. */
function isNamed(value: unknown): value is Named {
  return typeof value === 'object' && value !== null && !Buffer.isBuffer(value)
}

async function rowsOf(
  queries: Pick<Queries, 'all'>,
  first: Spoken,
  values: readonly (readonly Value[])[],
): Promise<readonly (readonly Row[])[]> {
  if (first.values.length > 0 && values.length > 1) {
    return byNumber(await queries.all(forEach(first), ...columnsOf(values)), values.length)
  }
  const rows = await queries.all(first.text, ...first.values)
  return values.map(() => rows)
}

function alike(asked: readonly Asked[]): Iterable<Alike> {
  const groups = new Map<Sql, Alike>()
  const alone: Alike[] = []
  for (const [index, one] of asked.entries()) {
    const first = spoken(one)
    const group = groups.get(first.sql)
    if (group !== undefined && isOfTypes(first, group.first)) {
      group.at.push(index)
      group.values.push(first.values)
      continue
    }
    const made: Alike = { first, at: [index], values: [first.values] }
    // The array of a value without a type could not be named.
    if (group === undefined && !first.values.includes(null)) groups.set(first.sql, made)
    else alone.push(made)
  }
  return [...groups.values(), ...alone]
}

function isOfTypes({ values }: Spoken, other: Spoken): boolean {
  return values.every((value, index) => value !== null && typeof value === typeof other.values[index])
}

function spoken([sql, ...values]: Asked): Spoken {
  const { text, names } = translated(sql)
  if (names === undefined) return { sql, text, values: values as readonly Value[] }
  const [named] = values as readonly [Named]
  return { sql, text, values: names.map((name) => named[name] ?? null) }
}

const TYPES: Readonly<Record<string, string>> = { object: 'bytea', number: 'bigint', string: 'text' }

const known = new Map<string, string>()

/** The statement for many rows of values, with an array for each of its parameters: its rows begin with the number of their values. */
function forEach({ text, values }: Spoken): string {
  const types = values.map((value) => TYPES[typeof value] ?? 'text')
  const name = `${types.join()} ${text}`
  let made = known.get(name)
  if (made === undefined) {
    made = forEachText(text, types)
    known.set(name, made)
  }
  return made
}

/**
 * `text` for many rows of values of these types. The planner does not see how long an array is that a subquery returns, so all lengths
 * share one plan, which is made for few rows.
 */
export function forEachText(text: string, types: readonly string[]): string {
  let count = 0
  const one = text.replaceAll('?', () => `$${++count}`).replaceAll(/\$(\d+)/g, 'k.p$1')
  const arrays = types.map((type) => `(SELECT ?::${type}[])`).join(', ')
  const names = types.map((_, index) => `p${index + 1}`).join(', ')
  return `SELECT k.n, q.* FROM unnest(${arrays}) WITH ORDINALITY AS k (${names}, n) CROSS JOIN LATERAL (${one}) q`
}

function columnsOf(values: readonly (readonly Value[])[]): readonly (string | number | Buffer | null)[][] {
  return (values[0] ?? []).map((_, column) => values.map((row) => row[column] ?? null))
}

/** The rows of each number from 1 on, without it. */
function byNumber(rows: readonly Row[], count: number): readonly (readonly Row[])[] {
  const found: Row[][] = Array.from({ length: count }, () => [])
  for (const [number, ...row] of rows) found[int(number) - 1]?.push(row)
  return found
}
