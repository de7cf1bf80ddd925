import type pg from 'pg'

/** What a column may be set to. */
export type Value = string | number | bigint | boolean | Buffer | null | readonly (string | number | Buffer | null)[]

/** Prepared statements of one view: each connection keeps what the server planned for them. More are planned at each use. */
const MAX_PREPARED = 1_000
/** Numbers the prepared statements of this process. */
let prepared = 0

/** The prepared statements of one view of the database: a text means other tables in another schema. */
export class Statements {
  readonly #known = new Map<string, { readonly name?: string; readonly text: string }>()

  /** The statement with these values for its `?`. */
  of(sql: string, values: readonly Value[]): pg.QueryArrayConfig {
    let known = this.#known.get(sql)
    if (known === undefined) {
      let count = 0
      const text = sql.replaceAll('?', () => `$${++count}`)
      const isKept = this.#known.size < MAX_PREPARED
      known = isKept ? { name: `s${prepared++}`, text } : { text }
      if (isKept) this.#known.set(sql, known)
    }
    return { ...known, values: values.map(storable), rowMode: 'array' }
  }
}

/** The server's texts have no U+0000. A caller may ask for any text: it stands as what is no character does, which names nothing. */
function storable(value: Value): Value {
  if (isUnstorable(value)) return value.replaceAll('\0', '\ufffd')
  return Array.isArray(value) && value.some(isUnstorable) ? (value.map(storable) as Value) : value
}

function isUnstorable(value: unknown): value is string {
  return typeof value === 'string' && value.includes('\0')
}
