import type { TObject } from 'typebox'
import { assert } from '../../core/assert.ts'
import { readSchema } from './json-schema.ts'
import { compileFields, type Field, type Write, WrittenObject } from './serialise.ts'

/** Rows of which most is the same whenever they have the same base. */
export type RowShape<Base> = {
  readonly schema: TObject
  /** The keys whose values each row has of its own. They are required. */
  readonly own: readonly string[]
  /** Returns the other values. They fit `schema`. */
  readonly describe: (base: Base) => Readonly<Record<string, unknown>>
}

/**
 * Returns a writer of rows with a large constant part. It writes the constant part of a base object once and keeps it
 * as long as the base, which must not change. Each row adds its own values, in the order of `own`. A row then costs a
 * few concatenations, and the whole answer has few pieces to join.
 */
export function compileRows<Base extends object>({
  schema,
  own,
  describe,
}: RowShape<Base>): (base: Base, values: readonly unknown[]) => WrittenObject {
  const node = readSchema(schema)
  assert(node.kind === 'object', 'a row is an object')
  const fields = compileFields(node, '$')
  const written = own.map((name) => {
    const field = fields.find((one) => one.name === name)
    assert(field?.required === true, `a row has a value for ${name}`)
    return new LastWritten(field.write)
  })
  const known = new WeakMap<Base, readonly string[]>()
  return (base, values) => {
    let parts = known.get(base)
    if (parts === undefined) {
      parts = constantParts(fields, own, describe(base))
      known.set(base, parts)
    }
    let text = parts[0] ?? ''
    for (let index = 0; index < written.length; index++) {
      text += written[index]?.text(values[index])
      text += parts[index + 1] ?? ''
    }
    return new WrittenObject(text)
  }
}

/** Writes a value. Rows of one answer often share values: the same value as before costs nothing. */
class LastWritten {
  readonly #write: Write
  #value: unknown
  #text: string | undefined
  #isFlat = false

  constructor(write: Write) {
    this.#write = write
  }

  text(value: unknown): string {
    if (this.#text === undefined || value !== this.#value) {
      this.#text = this.#write(value)
      this.#value = value
      this.#isFlat = false
    } else if (!this.#isFlat) {
      this.#text = flat(this.#text)
      this.#isFlat = true
    }
    return this.#text
  }
}

/** The text of an object before the value of each own key, and after the last one. */
function constantParts(
  fields: readonly Field[],
  own: readonly string[],
  values: Readonly<Record<string, unknown>>,
): readonly string[] {
  const parts: string[] = []
  let part: string[] = []
  let isFirst = true
  for (const { name, required, first, next, write } of fields) {
    const isOwn = own[parts.length] === name
    if (!isOwn && values[name] === undefined && !required) continue
    part.push(isFirst ? first : next)
    isFirst = false
    if (isOwn) {
      parts.push(flat(part.join('')))
      part = []
    } else part.push(write(values[name]))
  }
  assert(parts.length === own.length, 'the own keys of a row are in the order of its schema')
  return [...parts, flat(`${part.join('')}}`)]
}

/**
 * Returns equal text in one piece. V8 keeps a concatenation as a tree of its parts, and would walk through it again for
 * each row that has it.
 */
function flat(text: string): string {
  return Buffer.from(text).toString()
}
