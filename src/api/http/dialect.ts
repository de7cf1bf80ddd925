import type { FastifyInstance } from 'fastify'
import { percentDecoded } from '../../core/url.ts'
import type { ErrorAnswer, Failure } from './errors.ts'

/** A vendor-compatible API: the paths that are its own, its routes, and its words for what goes wrong. */
export type Dialect = {
  readonly name: string
  /** Beginnings of paths, each ending in a slash. Of several that fit, the longest wins. */
  readonly prefixes: readonly string[]
  /** Adds the routes to a scope of their own: hooks that are added there stay there. */
  readonly register: (scope: FastifyInstance) => void
  readonly renderError: (failure: Failure) => ErrorAnswer
  /** The tag of its calls in the documentation. */
  readonly tag: string
  /** Values for the examples of the documentation, so that they work on this server. */
  readonly examples: () => Promise<DialectExamples>
}

/** Values of parameters and fields, by name. */
export type ExampleValues = Readonly<Record<string, string | number>>

/** Where a value is missing, the schema's own example stands. */
export type DialectExamples = {
  /** The key that may be used by anyone; undefined: callers use their own. */
  readonly key?: string
  readonly values: ExampleValues
  /** By operation id, before `values`. */
  readonly ofCalls?: Readonly<Record<string, ExampleValues>>
}

/** Which dialect's words answer at a path: by its prefix, else the server's own. */
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
 * The path of a request's URL as the router reads it: without query or fragment, without the scheme and host that a
 * proxy's client may send (RFC 9112, section 3.2.2), and with percent-encoded letters decoded.
 */
export function pathOf(url: string): string {
  const end = url.search(/[?#]/)
  const path = (end === -1 ? url : url.slice(0, end)).replace(/^https?:\/\/[^/]*/i, '')
  return percentDecoded(path)
}
