import { isLabel } from '../core/label.ts'
import { didYouMean, nearest } from './nearest.ts'

/** The result of `read` for a wrong value. The mistake itself is already reported. */
export const BAD: unique symbol = Symbol('bad')
/** The value of a field that does not fit; its problem is reported already. */
export type Bad = typeof BAD

/**
 * One mistake in a configuration. `key` is dotted: `chains.0.from`. `says` is the message for a key that must not
 * exist. `hint` is a helpful clause such as `did you mean all?`.
 */
export type Problem =
  | { readonly key: string; readonly value: unknown; readonly expected: string; readonly hint?: string | undefined }
  | { readonly key: string; readonly says: string; readonly hint?: string | undefined }

/** The key of a value, and the list for its mistakes. */
export type ConfigPath = { readonly key: string; readonly problems: Problem[] }

/** A part of a field, for names of environment variables. `rest`: the remaining name inside the part. */
export type Part = { readonly key: string; readonly rest: string; readonly field: Field<unknown> }

/**
 * The rules for one key of the configuration. `read` returns the typed value, or reports every mistake in it and
 * returns BAD. A value that is absent or null arrives as undefined. `parts` lists the ways to read `rest`, the
 * upper-case end of a variable's name, as a part of this field.
 */
export type Field<T> = {
  readonly read: (value: unknown, at: ConfigPath) => T | Bad
  readonly parts: (rest: string) => readonly Part[]
  /** Name endings of the variables that set a part of this field: `LISTEN_PORT`. Entries of lists are `0`. */
  readonly names: readonly string[]
  /** True if a variable's value is literal text, not YAML. */
  readonly plain: boolean
}

/** The type that a field reads. */
export type Infer<F> = F extends Field<infer T> ? T : never

const NO_PARTS = (): readonly Part[] => []

/** What was expected, and a helpful clause if there is one. */
export type Expected = string | { readonly expected: string; readonly hint: string | undefined }

/** Reports a mistake. */
export function wrong(at: ConfigPath, value: unknown, expected: Expected): Bad {
  const words = typeof expected === 'string' ? { expected } : expected
  at.problems.push({ key: at.key, value, ...words })
  return BAD
}

/** The place of a part inside `at`. */
export function inside(at: ConfigPath, key: string): ConfigPath {
  return { key: at.key === '' ? key : `${at.key}.${key}`, problems: at.problems }
}

/**
 * A field with a text value that `parse` understands. `expected` completes the sentence "expected …". `hint` returns a
 * clause for text that `parse` rejects.
 */
export function text<T>(
  expected: string,
  parse: (text: string) => T | undefined,
  hint: (text: string) => string | undefined = () => undefined,
): Field<T> {
  const read = (value: unknown, at: ConfigPath): T | Bad => {
    if (typeof value !== 'string' && typeof value !== 'number') return wrong(at, value, expected)
    const given = String(value)
    const parsed = parse(given)
    return parsed === undefined ? wrong(at, value, { expected, hint: hint(given) }) : parsed
  }
  return { read, parts: NO_PARTS, names: [], plain: true }
}

/** One of these words. */
export function word<const W extends string>(words: readonly W[]): Field<W> {
  return text(
    words.join(' or '),
    (given) => words.find((one) => one === given),
    (given) => didYouMean(nearest(given, words)),
  )
}

/** Text of 1 to `maxCharacters` characters as `isLabel` accepts it. */
export function label(expected: string, maxCharacters: number): Field<string> {
  return text(
    `${expected} (1 to ${maxCharacters} characters of valid Unicode, not blank, no control or direction characters)`,
    (given) => (isLabel(given, maxCharacters) ? given : undefined),
  )
}

/** A whole number from `min` to `max`, in plain digits. */
export function integer(min: number, max: number): Field<number> {
  const bounds = max === Number.MAX_SAFE_INTEGER ? `a whole number from ${min}` : `a whole number from ${min} to ${max}`
  const within = (number: number): boolean => Number.isSafeInteger(number) && number >= min && number <= max
  return text(
    bounds,
    (given) => (/^(?:0|-?[1-9]\d{0,15})$/.test(given) && within(Number(given)) ? Number(given) : undefined),
    (given) => {
      const meant = Number(given.replace(/[_,'\s]/g, '') || Number.NaN)
      return within(meant) ? didYouMean(String(meant)) : undefined
    },
  )
}

/** Words for true and false in YAML 1.1, other languages and other programs. */
const OTHER_FLAGS: ReadonlyMap<string, 'true' | 'false'> = new Map([
  ...['yes', 'y', '1', 'true', 'on', 'enable', 'enabled'].map((one) => [one, 'true'] as const),
  ...['no', 'n', '0', 'false', 'off', 'disable', 'disabled', 'none'].map((one) => [one, 'false'] as const),
])

/** true or false, on or off. */
export function flag(): Field<boolean> {
  const words: ReadonlyMap<unknown, boolean> = new Map<unknown, boolean>([
    [true, true],
    [false, false],
    ['on', true],
    ['off', false],
  ])
  const expected = 'true or false (on or off)'
  const read = (value: unknown, at: ConfigPath): boolean | Bad => {
    const known = words.get(value)
    if (known !== undefined) return known
    const given = typeof value === 'string' ? value : ''
    const meant = OTHER_FLAGS.get(given.toLowerCase()) ?? nearest(given, ['true', 'false', 'on', 'off'])
    return wrong(at, value, { expected, hint: didYouMean(meant) })
  }
  return { read, parts: NO_PARTS, names: [], plain: false }
}

/** The field, or `value` if nothing is given. */
export function withDefault<T>(field: Field<T>, value: NoInfer<T>): Field<T> {
  return { ...field, read: (given, at) => (given === undefined ? value : field.read(given, at)) }
}

/** The field, or undefined if nothing is given. */
export function optional<T>(field: Field<T>): Field<T | undefined> {
  return { ...field, read: (given, at) => (given === undefined ? undefined : field.read(given, at)) }
}

/**
 * The field with one more check of the whole value. `check` reports mistakes with `wrong`, and returns the final value.
 */
export function refine<T, U>(field: Field<T>, check: (value: T, at: ConfigPath) => U | Bad): Field<U> {
  return {
    ...field,
    read: (given, at) => {
      const value = field.read(given, at)
      return value === BAD ? BAD : check(value, at)
    },
  }
}
