import { parseDocument } from 'yaml'

/** Longest configuration text, in characters: room for a thousand chains with all their keys. */
const MAX_CHARACTERS = 1_000_000

/** A parsed text, or its problem in one line. */
export type ParsedYaml =
  | { readonly value: unknown; readonly problem?: undefined }
  | { readonly value?: undefined; readonly problem: string }

/**
 * Parses YAML 1.2 to plain values. Numbers stay text: `0xdac1…` is an address, not a number, and `1.10` is an exact
 * decimal. The field that reads the text decides. Anchors, aliases and merge keys (`<<`) work. Duplicate keys, unknown
 * tags and too many aliases are problems.
 */
export function parseYaml(text: string): ParsedYaml {
  if (text.length > MAX_CHARACTERS) return { problem: `longer than ${MAX_CHARACTERS} characters` }
  // A byte order mark is not part of the text.
  const document = parseDocument(text.replace(/^\uFEFF/, ''), {
    merge: true,
    prettyErrors: true,
    // Problems are returned: the parser must not write them to standard error.
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

// The rest of the message quotes the file, which may contain secrets.
function firstLine(message: string): string {
  const line = (message.split('\n')[0] ?? '').replace(/:$/, '')
  return line.replace(/^Source contains multiple documents; [^;]*\(\)/, 'expected one document, but another begins')
}
