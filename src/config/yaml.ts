import { parseDocument } from 'yaml'

/** Longest configuration text, in characters: a thousand chains with all their keys. */
const MAX_CHARACTERS = 1_000_000

/** A parsed text, or what is wrong with it in one line. */
export type ParsedYaml =
  | { readonly value: unknown; readonly problem?: undefined }
  | { readonly value?: undefined; readonly problem: string }

/**
 * YAML 1.2 as plain values, but numbers stay text: `0xdac1…` is an address, not a number, and `1.10` is an exact
 * decimal. The field that reads the text decides. Anchors, aliases and merge keys (`<<`) work. Duplicate keys, unknown
 * tags and too many aliases are problems.
 */
export function parseYaml(text: string): ParsedYaml {
  if (text.length > MAX_CHARACTERS) return { problem: `longer than ${MAX_CHARACTERS} characters` }
  // A byte order mark says how a file is written, and is no part of it.
  const document = parseDocument(text.replace(/^\uFEFF/, ''), {
    merge: true,
    prettyErrors: true,
    // Problems are returned, never written to standard error by the parser.
    logLevel: 'error',
    customTags: (tags) => tags.filter((tag) => typeof tag === 'string' || !/:(int|float)$/.test(tag.tag)),
  })
  const [mistake] = [...document.errors, ...document.warnings]
  if (mistake !== undefined) return { problem: firstLine(mistake.message) }
  try {
    const value: unknown = document.toJS({ maxAliasCount: 100 })
    return { value: value ?? undefined }
  } catch (error) {
    return { problem: error instanceof Error ? firstLine(error.message) : 'not readable' }
  }
}

// The rest of the message quotes the file, which may hold secrets.
function firstLine(message: string): string {
  const line = (message.split('\n')[0] ?? '').replace(/:$/, '')
  return line.replace(/^Source contains multiple documents; [^;]*\(\)/, 'one document is expected, another begins')
}
