import type { TableShape } from '../engine/held-tables.ts'
import { type Asked, rowsOf, type Value } from './query.ts'

/** Names of columns in SQL, with commas between. Some are words of SQL. */
export function quotedNames(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(', ')
}

/** Where rows of a table begin or end: behind a key, or with it. */
export type Bound = { readonly after: readonly Value[] } | { readonly through: readonly Value[] }

/** Asks for the rows of a table in the order of its key, all of them or up to a bound. */
export function allRows({ name, columns, key }: TableShape, bound?: Bound): Asked {
  const select = `SELECT ${quotedNames(columns)} FROM ${name}`
  const order = `ORDER BY ${quotedNames(key)}`
  if (bound === undefined) return [rowsOf(`${select} ${order}`)]
  const [is, values] = 'after' in bound ? ['>', bound.after] : ['<=', bound.through]
  const where = `WHERE (${quotedNames(key)}) ${is} (${key.map(() => '?').join(', ')})`
  return [rowsOf(`${select} ${where} ${order}`), ...values]
}

/** Asks for the key of the last row of a table. */
export function lastKey({ name, key }: TableShape): Asked {
  const order = key.map((column) => `"${column}" DESC`).join(', ')
  return [rowsOf(`SELECT ${quotedNames(key)} FROM ${name} ORDER BY ${order} LIMIT 1`)]
}

/** Asks for a row of a table; none if it is empty. */
export function anyRow({ name }: TableShape): Asked {
  return [rowsOf(`SELECT 1 FROM ${name} LIMIT 1`)]
}

/** The first row; undefined if there is none. */
export async function firstOf<T>(pages: AsyncIterable<readonly T[]>): Promise<T | undefined> {
  for await (const [row] of pages) return row
  return undefined
}
