import type { FastifyInstance } from 'fastify'
import type { Field } from '../../config/field.ts'
import type { ChainKinds } from '../../config/words.ts'
import { percentDecoded } from '../../core/url.ts'
import type { ErrorAnswer, Failure } from './errors.ts'

/** A vendor-compatible API: its paths, its routes, and its error texts. */
export type Dialect = {
  readonly name: string
  /** Path prefixes, each ending in a slash. If several match, the longest wins. */
  readonly prefixes: readonly string[]
  /** Adds the routes to a separate scope: hooks added there apply only there. */
  readonly register: (scope: FastifyInstance) => void
  readonly renderError: (failure: Failure) => ErrorAnswer
  /** The tag of the dialect's calls in the documentation. */
  readonly tag: string
  /** Example values for the documentation that work on this server. */
  readonly examples: () => Promise<DialectExamples>
}

/**
 * A dialect as the list of dialects holds it. `key` is its key in the configuration, `property` the same in camel case.
 * `create` takes only what the dialect uses.
 */
export type DialectDefinition<Property extends string, Settings, Deps> = {
  readonly property: Property
  readonly key: string
  /** The mapping of its settings. `kinds`: the kinds of chains of this build. */
  readonly settings: (kinds: ChainKinds) => Field<Settings>
  readonly create: (deps: Deps, settings: Settings) => Dialect
}

/** Values of parameters and fields, by name. An array is a field of a body. */
export type ExampleValues = Readonly<Record<string, string | number | readonly object[]>>

/** If a value is missing, the documentation uses the schema's own example. */
export type DialectExamples = {
  /** A key that anyone may use. Undefined: callers use their own key. */
  readonly key?: string
  readonly values: ExampleValues
  /** By operation id. These values come before `values`, and are shown for optional parameters too. */
  readonly ofCalls?: Readonly<Record<string, ExampleValues>>
}

/** Returns the dialect that answers at a path: the one with the matching prefix, else the server's own. */
export function dialectFinder(dialects: readonly Dialect[], own: Dialect): (url: string) => Dialect {
  const byPrefix = dialects
    .flatMap((dialect) => dialect.prefixes.map((prefix) => ({ prefix, dialect })))
    .sort((one, other) => other.prefix.length - one.prefix.length)
  return (url) => {
    const path = pathOf(url)
    const found = byPrefix.find(({ prefix }) => path.startsWith(prefix) || `${path}/` === prefix)
    return found === undefined ? own : found.dialect
  }
}

/**
 * Returns the path of a request's URL as the router reads it: without query or fragment, without the scheme and host
 * that a proxy's client may send (RFC 9112, section 3.2.2), and with percent-encoded letters decoded.
 */
export function pathOf(url: string): string {
  const end = url.search(/[?#]/)
  const path = (end === -1 ? url : url.slice(0, end)).replace(/^https?:\/\/[^/]*/i, '')
  return percentDecoded(path)
}
