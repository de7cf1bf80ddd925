import type pg from 'pg'
import { binaryArray, type ElementType, isElementType } from './binary-array.ts'

/** What a column may be set to. */
export type Value = string | number | bigint | boolean | Buffer | null | readonly (string | number | Buffer | null)[]

/** Prepared statements of one view: each connection keeps what the server planned for them. More are planned at each use. */
const MAX_PREPARED = 1_000
/** Each cursor has a name of its own, so what names it is not sent for another one. */
const OF_CURSOR = /^(DECLARE|FETCH|CLOSE)\b/
/** Numbers the prepared statements of this process. */
let prepared = 0

/** A statement in the server's words. `arrays`: for each parameter, of which type the elements of its array are. */
type Known = { readonly name?: string; readonly text: string; readonly arrays: readonly (ElementType | undefined)[] }

/** The prepared statements of one view of the database: a text means other tables in another schema. */
export class Statements {
  readonly #known = new Map<string, Known>()

  /** The statement with these values for its `?`. */
  of(sql: string, values: readonly Value[]): pg.QueryArrayConfig & { readonly values: unknown[] } {
    let known = this.#known.get(sql)
    if (known === undefined) {
      const isKept = this.#known.size < MAX_PREPARED && !OF_CURSOR.test(sql)
      known = isKept ? { name: `s${prepared++}`, ...parsed(sql) } : parsed(sql)
      if (known.name !== undefined) this.#known.set(sql, known)
    }
    const { arrays, ...named } = known
    const sent = values.map((value, at) => encoded(value, arrays[at]))
    return { values: sent, rowMode: 'array', ...named }
  }
}

function parsed(sql: string): Known {
  const arrays: (ElementType | undefined)[] = []
  const text = sql.replaceAll(/\?(?:::(\w+)\[\])?/g, (word, element: string | undefined) => {
    const number = arrays.push(isElementType(element) ? element : undefined)
    return `$${number}${word.slice(1)}`
  })
  return { text, arrays }
}

function encoded(given: Value, elements: ElementType | undefined): Value {
  // Numbers and bytes have no texts.
  const value = elements === undefined || elements === 'text' ? storable(given) : given
  return elements !== undefined && isArray(value) ? (binaryArray(value, elements) ?? value) : value
}

function isArray(value: Value): value is Extract<Value, readonly unknown[]> {
  return Array.isArray(value)
}

/** The server's texts have no U+0000. A caller may ask for any text: it stands as what is no character does, which names nothing. */
function storable(value: Value): Value {
  if (isUnstorable(value)) return value.replaceAll('\0', '\ufffd')
  return Array.isArray(value) && value.some(isUnstorable) ? (value.map(storable) as Value) : value
}

function isUnstorable(value: unknown): value is string {
  return typeof value === 'string' && value.includes('\0')
}
