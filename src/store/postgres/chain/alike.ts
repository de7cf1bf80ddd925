import { gatherWhileBusy } from '../../../core/per-tick.ts'
import { type Asked, Each, type Sql, type Value } from '../../queries/query.ts'
import { int, type Row } from '../../rows/columns.ts'
import { readForEach } from '../each-text.ts'
import { answerAsked, inWords, type Statements } from './run-query.ts'

/** Statements that differ only in their values. `at`: their places among all that were asked. `values`: of each, in order. */
type Alike = { readonly first: Asked; readonly at: number[]; readonly values: (readonly Value[])[] }

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
  queries: Statements,
  asked: readonly Asked[],
  { answered, failed }: Answering,
): Promise<void> {
  const all = [...alike(asked)].map(async (group) => {
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
 * Asks statements each of which is a snapshot of its own. Those that wait at the same time are asked together. Each fails with the
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

async function rowsOf(queries: Statements, { first, values }: Alike): Promise<readonly (readonly Row[])[]> {
  const [one = []] = values
  if (values.length > 1 && one.length > 0) {
    return byNumber(await queries.all(forEach(inWords(first).text, one), ...columnsOf(values)), values.length)
  }
  const rows = await answerAsked(queries, first)
  return values.map(() => rows)
}

function alike(asked: readonly Asked[]): Iterable<Alike> {
  const groups = new Map<Sql, Alike>()
  const alone: Alike[] = []
  for (const [index, one] of asked.entries()) {
    const values = one[0] instanceof Each ? undefined : inWords(one).values
    // The array of a value without a type could not be named.
    if (values === undefined || values.includes(null)) {
      alone.push({ first: one, at: [index], values: [[]] })
      continue
    }
    const group = groups.get(one[0])
    if (group !== undefined && haveSameTypes(values, group.values[0])) {
      group.at.push(index)
      group.values.push(values)
    } else {
      const made: Alike = { first: one, at: [index], values: [values] }
      if (group === undefined) groups.set(one[0], made)
      else alone.push(made)
    }
  }
  return [...groups.values(), ...alone]
}

function haveSameTypes(values: readonly Value[], others: readonly Value[] = []): boolean {
  return values.every((value, index) => typeof value === typeof others[index])
}

const TYPES: Readonly<Record<string, string>> = { object: 'bytea', number: 'bigint', string: 'text' }

const known = new Map<string, string>()

/** The statement for many rows of values such as these. */
function forEach(text: string, values: readonly Value[]): string {
  const types = values.map((value) => TYPES[typeof value] ?? 'text')
  const name = `${types.join()} ${text}`
  let made = known.get(name)
  if (made === undefined) {
    made = readForEach(text, types)
    known.set(name, made)
  }
  return made
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
