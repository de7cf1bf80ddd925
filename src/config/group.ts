import { BAD, type Bad, type Field, inside, type Part, type Place, wrong } from './field.ts'

/** Most entries of a list or map: more than any real configuration, few enough to check at once. */
const MAX_ENTRIES = 10_000

type Shape = Readonly<Record<string, Field<unknown>>>
type Values<S extends Shape> = { readonly [K in keyof S]: S[K] extends Field<infer T> ? T : never }

/**
 * A mapping with exactly these keys. Properties are in camelCase here and in snake_case in the file, but for those that
 * `names` gives another name. Nothing given is read as an empty mapping, so that parts can have defaults.
 */
export function mapping<S extends Shape>(shape: S, names: Readonly<Record<string, string>> = {}): Field<Values<S>> {
  const fields = Object.entries(shape).map(([property, field]) => ({
    property,
    key: names[property] ?? property.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    field,
  }))
  const known = fields.map(({ key }) => key)
  const read = (value: unknown, at: Place): Values<S> | Bad => {
    if (value !== undefined && !isMapping(value)) return wrong(at, value, `a mapping with ${known.join(', ')}`)
    const given = new Map(Object.entries(value ?? {}))
    let good = true
    for (const key of given.keys()) {
      if (known.includes(key)) continue
      at.problems.push({ key: inside(at, key).key, says: `no such key; known here: ${known.join(', ')}` })
      good = false
    }
    const entries: [string, unknown][] = []
    for (const { property, key, field } of fields) {
      const part = field.read(given.get(key) ?? undefined, inside(at, key))
      if (part === BAD) good = false
      entries.push([property, part])
    }
    // The entries are the shape's own properties, each read by its own field: the compiler cannot follow that.
    return good ? (Object.fromEntries(entries) as Values<S>) : BAD
  }
  const parts = (rest: string): readonly Part[] =>
    fields.flatMap(({ key, field }) => {
      const name = key.toUpperCase().replace(/[^A-Z0-9]/g, '_')
      if (rest === name) return [{ key, rest: '', field }]
      return rest.startsWith(`${name}_`) ? [{ key, rest: rest.slice(name.length + 1), field }] : []
    })
  return { read, parts, plain: false }
}

/** A list of such fields. `expected` names it in errors: "a list of …". */
export function list<T>(item: Field<T>, expected: string): Field<readonly T[]> {
  const read = (value: unknown, at: Place): readonly T[] | Bad => {
    if (!Array.isArray(value) || value.length > MAX_ENTRIES) return wrong(at, value, expected)
    const items: T[] = []
    for (const [index, given] of value.entries()) {
      const one = item.read(given ?? undefined, inside(at, String(index)))
      if (one !== BAD) items.push(one)
    }
    return items.length === value.length ? items : BAD
  }
  const parts = (rest: string): readonly Part[] => {
    const match = /^(\d{1,4})(?:_(.+))?$/.exec(rest)
    const [, index, more = ''] = match ?? []
    return index === undefined ? [] : [{ key: String(Number(index)), rest: more, field: item }]
  }
  return { read, parts, plain: false }
}

/** A mapping with free keys, as a list of `[key, value]` in the file's order. A variable can only set all of it. */
export function table<K, V>(keys: Field<K>, values: Field<V>, expected: string): Field<readonly (readonly [K, V])[]> {
  const read = (value: unknown, at: Place): readonly (readonly [K, V])[] | Bad => {
    if (!isMapping(value)) return wrong(at, value, expected)
    const given = Object.entries(value)
    if (given.length > MAX_ENTRIES) return wrong(at, value, expected)
    const rows: (readonly [K, V])[] = []
    for (const [name, one] of given) {
      const place = inside(at, name)
      const key = keys.read(name, place)
      const part = values.read(one ?? undefined, place)
      if (key !== BAD && part !== BAD) rows.push([key, part])
    }
    return rows.length === given.length ? rows : BAD
  }
  return { read, parts: () => [], plain: false }
}

/** Either one word or a mapping, told apart by what is given. */
export function wordOr<A, B>(words: Field<A>, group: Field<B>): Field<A | B> {
  const read = (value: unknown, at: Place): A | B | Bad =>
    isMapping(value) ? group.read(value, at) : words.read(value, at)
  return { read, parts: group.parts, plain: false }
}

/** True for a mapping as the YAML parser gives it. */
export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
