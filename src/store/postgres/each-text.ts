import type { ValueType } from '../queries/query.ts'

const TYPES: Readonly<Record<ValueType, string>> = { bytes: 'bytea', int: 'bigint', text: 'text' }

/**
 * One statement that does for all rows of values what `text` does for one of them: an insert, or a look-up whose rows begin with the
 * number of their values, from 1 on. Its parameters are one array for each of the types. Undefined: each row of values is a statement
 * of its own, so that rows are locked in the order of the values.
 */
export function eachText(text: string, types: readonly ValueType[]): string | undefined {
  const names = types.map((type) => TYPES[type])
  if (text.startsWith('SELECT')) return readForEach(text.endsWith(' LIMIT 1') ? text : `${text} LIMIT 1`, names)
  if (!text.startsWith('INSERT')) return undefined
  const { named, values } = valuesOf(text, names)
  return named.replace(/VALUES \(([^()]*)\)/, (_, columns: string) => `SELECT ${columns} FROM ${values}`)
}

/**
 * The rows of a read for each of many rows of values, behind the number of the values. `types`: their names in SQL. The planner does not
 * see how long the arrays are, so all lengths share one plan, which is made for few rows.
 */
export function readForEach(text: string, types: readonly string[]): string {
  const { named, numbered } = valuesOf(text, types)
  return `SELECT k.n, q.* FROM ${numbered} CROSS JOIN LATERAL (${named}) q`
}

/** A statement whose parameters are columns of a table `k`, and that table: also with the number `n` of each row. */
function valuesOf(text: string, types: readonly string[]) {
  let count = 0
  const named = text.replaceAll('?', () => `$${++count}`).replaceAll(/\$(\d+)/g, 'k.c$1')
  const rows = `unnest(${types.map((type) => `(SELECT ?::${type}[])`).join(', ')})`
  const columns = types.map((_, index) => `c${index + 1}`).join(', ')
  return { named, values: `${rows} AS k (${columns})`, numbered: `${rows} WITH ORDINALITY AS k (${columns}, n)` }
}
