import { BAD, type Bad, type ConfigPath, type Field, inside, type Part, text, wrong } from './field.ts'
import { didYouMean, nearest } from './nearest.ts'

/** Most entries of a list or map: more than any real configuration has, and few enough to check at once. */
const MAX_ENTRIES = 10_000

type Shape = Readonly<Record<string, Field<unknown>>>
type Values<S extends Shape> = { readonly [K in keyof S]: S[K] extends Field<infer T> ? T : never }

/** `names`: properties with another name in the file. */
type MappingOptions = { readonly names?: Readonly<Record<string, string>> }

/**
 * A mapping with exactly these keys. Properties are camelCase here and snake_case in the file, except those in `names`.
 * A missing mapping is read as an empty one, so that its parts can have defaults.
 */
export function mapping<S extends Shape>(shape: S, options: MappingOptions = {}): Field<Values<S>> {
  const { names: otherNames = {} } = options
  const fields = Object.entries(shape).map(([property, field]) => ({
    property,
    key: otherNames[property] ?? property.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    field,
  }))
  const known = fields.map(({ key }) => key)
  const read = (value: unknown, at: ConfigPath): Values<S> | Bad => {
    if (value !== undefined && !isMapping(value)) return wrong(at, value, `a mapping with ${known.join(', ')}`)
    const given = new Map(Object.entries(value ?? {}))
    let good = true
    for (const key of given.keys()) {
      if (known.includes(key)) continue
      good = false
      const path = inside(at, key)
      const says = `no such key; known keys: ${known.join(', ')}`
      at.problems.push({ key: path.key, says, hint: didYouMean(nearest(key, known)) })
    }
    const entries: [string, unknown][] = []
    for (const { property, key, field } of fields) {
      const part = field.read(given.get(key) ?? undefined, inside(at, key))
      if (part === BAD) good = false
      entries.push([property, part])
    }
    // The entries are the shape's own properties, each read by its own field. The compiler cannot see that.
    return good ? (Object.fromEntries(entries) as Values<S>) : BAD
  }
  const parts = (rest: string): readonly Part[] => [
    ...fields.flatMap(({ key, field }) => {
      const name = variableName(key)
      if (rest === name) return [{ key, rest: '', field }]
      return rest.startsWith(`${name}_`) ? [{ key, rest: rest.slice(name.length + 1), field }] : []
    }),
  ]
  const names = fields.flatMap(({ key, field }) => namesUnder(variableName(key), field))
  return { read, parts, names, plain: false }
}

/** A key as part of a variable's name. */
function variableName(key: string): string {
  return key.toUpperCase().replace(/[^A-Z0-9]/g, '_')
}

function namesUnder(name: string, field: Field<unknown>): readonly string[] {
  return [name, ...field.names.map((rest) => `${name}_${rest}`)]
}

/** A list of `item` fields. `expected` names it in errors: "a list of …". */
export function list<T>(item: Field<T>, expected: string): Field<readonly T[]> {
  const read = (value: unknown, at: ConfigPath): readonly T[] | Bad => {
    if (!Array.isArray(value)) return wrong(at, value, expected)
    if (value.length > MAX_ENTRIES) return wrong(at, value, `${expected}, at most ${MAX_ENTRIES} entries`)
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
  return { read, parts, names: namesUnder('0', item), plain: false }
}

/**
 * A mapping with free keys, read as a list of `[key, value]` in the file's order. A variable can only set the whole
 * mapping.
 */
export function table<K, V>(keys: Field<K>, values: Field<V>, expected: string): Field<readonly (readonly [K, V])[]> {
  const read = (value: unknown, at: ConfigPath): readonly (readonly [K, V])[] | Bad => {
    if (!isMapping(value)) return wrong(at, value, expected)
    const given = Object.entries(value)
    if (given.length > MAX_ENTRIES) return wrong(at, value, `${expected}, at most ${MAX_ENTRIES} entries`)
    const rows: (readonly [K, V])[] = []
    const seen = new Set<string>()
    for (const [name, one] of given) {
      const path = inside(at, name)
      const key = keys.read(name, path)
      const part = values.read(one ?? undefined, path)
      if (key === BAD || part === BAD) continue
      // Two texts may mean the same key, such as an address in capitals. It is unclear which value counts, so reject
      // both.
      const same = JSON.stringify(key)
      if (seen.has(same)) wrong(path, name, 'each key only once, in any spelling')
      else rows.push([key, part])
      seen.add(same)
    }
    return rows.length === given.length ? rows : BAD
  }
  return { read, parts: () => [], names: [], plain: false }
}

/** One of some words, or a mapping. `expected` names all of these, `hint` helps with other text. */
export function wordOr<const W extends string, B>(options: {
  readonly words: readonly W[]
  readonly group: Field<B>
  readonly expected: string
  readonly hint?: (given: string) => string | undefined
}): Field<W | B> {
  const { words, group, expected, hint = () => undefined } = options
  const one = text(
    expected,
    (given) => words.find((known) => known === given),
    (given) => hint(given) ?? didYouMean(nearest(given, words)),
  )
  const read = (value: unknown, at: ConfigPath): W | B | Bad =>
    isMapping(value) ? group.read(value, at) : one.read(value, at)
  return { read, parts: group.parts, names: group.names, plain: false }
}

/** True for a mapping from the YAML parser. Sets and bytes, which YAML tags make, are not mappings. */
export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}
