/** What a reader gives for a value that is wrong; the mistake itself was reported. */
export const BAD: unique symbol = Symbol('bad')
export type Bad = typeof BAD

/** One mistake in a configuration. `key` is dotted: `chains.0.from`; `says` stands where no value was expected at all. */
export type Problem =
  | { readonly key: string; readonly value: unknown; readonly expected: string }
  | { readonly key: string; readonly says: string }

/** Where a value stands, and where its mistakes go. */
export type Place = { readonly key: string; readonly problems: Problem[] }

/** A way on from a field towards one of its parts, for names of environment variables. */
export type Part = { readonly key: string; readonly rest: string; readonly field: Field<unknown> }

/**
 * What one key of the configuration may hold. `read` gives the typed value, or reports every mistake in it and gives
 * BAD. A value that is absent or null arrives as undefined. `parts` lists the ways to read `rest`, the upper-case end
 * of a variable's name, as a part of this field.
 */
export type Field<T> = {
  readonly read: (value: unknown, at: Place) => T | Bad
  readonly parts: (rest: string) => readonly Part[]
  /** The variable's value is taken as text, whatever it looks like. */
  readonly plain: boolean
}

/** The type of what a field reads. */
export type Infer<F> = F extends Field<infer T> ? T : never

const NO_PARTS = (): readonly Part[] => []

/** Notes a mistake. */
export function wrong(at: Place, value: unknown, expected: string): Bad {
  at.problems.push({ key: at.key, value, expected })
  return BAD
}

/** The place of a part. */
export function inside(at: Place, key: string): Place {
  return { key: at.key === '' ? key : `${at.key}.${key}`, problems: at.problems }
}

/** A field whose value is text that `parse` understands; `expected` ends the sentence "expected …". */
export function text<T>(expected: string, parse: (text: string) => T | undefined): Field<T> {
  const read = (value: unknown, at: Place): T | Bad => {
    if (value === undefined) return wrong(at, value, expected)
    if (typeof value !== 'string' && typeof value !== 'number') return wrong(at, value, expected)
    const parsed = parse(String(value))
    return parsed === undefined ? wrong(at, value, expected) : parsed
  }
  return { read, parts: NO_PARTS, plain: true }
}

/** One of these words. */
export function word<const W extends string>(words: readonly W[]): Field<W> {
  return text(words.join(' or '), (given) => words.find((one) => one === given))
}

/** Text of 1 to `maxCharacters` characters without control characters and halves of surrogate pairs. */
export function label(expected: string, maxCharacters: number): Field<string> {
  return text(`${expected} (1 to ${maxCharacters} characters of valid Unicode, no control characters)`, (given) =>
    given.length >= 1 && given.length <= maxCharacters && !/[\p{Cc}\p{Cs}]/u.test(given) ? given : undefined,
  )
}

/** A whole number within bounds, in plain digits. */
export function integer(min: number, max: number): Field<number> {
  const bounds = max === Number.MAX_SAFE_INTEGER ? `a whole number from ${min}` : `a whole number from ${min} to ${max}`
  return text(bounds, (given) => {
    if (!/^-?\d{1,16}$/.test(given)) return undefined
    const number = Number(given)
    return number >= min && number <= max ? number : undefined
  })
}

/** true or false, on or off. */
export function flag(): Field<boolean> {
  const words: ReadonlyMap<unknown, boolean> = new Map<unknown, boolean>([
    [true, true],
    [false, false],
    ['on', true],
    ['off', false],
  ])
  const read = (value: unknown, at: Place): boolean | Bad => words.get(value) ?? wrong(at, value, 'true or false')
  return { read, parts: NO_PARTS, plain: false }
}

/** The field, or `value` where nothing is given. */
export function withDefault<T>(field: Field<T>, value: NoInfer<T>): Field<T> {
  return { ...field, read: (given, at) => (given === undefined ? value : field.read(given, at)) }
}

/** The field, or undefined where nothing is given. */
export function optional<T>(field: Field<T>): Field<T | undefined> {
  return { ...field, read: (given, at) => (given === undefined ? undefined : field.read(given, at)) }
}

/** The field with one more check of the whole value; `check` reports with `wrong` and gives what to go on with. */
export function refine<T, U>(field: Field<T>, check: (value: T, at: Place) => U | Bad): Field<U> {
  return {
    ...field,
    read: (given, at) => {
      const value = field.read(given, at)
      return value === BAD ? BAD : check(value, at)
    },
  }
}
