import type { ValueType } from '../queries/query.ts'

const TYPES: Readonly<Record<ValueType, string>> = { bytes: 'bytea', int: 'bigint', text: 'text' }

/**
 * One statement that does for all rows of values what `text` does for one of them: an insert, or a look-up whose rows begin with the
 * number of their values, from 1 on. Its parameters are one array for each of the types. Undefined: each row of values is a statement
 * of its own, so that rows are locked in the order of the values.
 */
export function eachText(text: string, types: readonly ValueType[]): string | undefined {
  let at = 0
  const named = text.replaceAll('?', () => `k.c${++at}`)
  const arrays = types.map((type) => `?::${TYPES[type]}[]`).join(', ')
  const columns = types.map((_, index) => `c${index + 1}`).join(', ')
  if (named.startsWith('INSERT')) {
    return named.replace(/VALUES \(([^()]*)\)/, (_, values: string) => {
      return `SELECT ${values} FROM unnest(${arrays}) AS k (${columns})`
    })
  }
  if (!named.startsWith('SELECT')) return undefined
  return `SELECT k.n, q.* FROM unnest(${arrays}) WITH ORDINALITY AS k (${columns}, n) CROSS JOIN LATERAL (${named} LIMIT 1) q`
}
