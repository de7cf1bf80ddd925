/** Hex digits in the usual groups, or without hyphens; also in braces or as a URN (RFC 9562, section 4). */
const UUID = /^(?:urn:uuid:)?(\{)?([0-9a-f]{8})(-?)([0-9a-f]{4})\3([0-9a-f]{4})\3([0-9a-f]{4})\3([0-9a-f]{12})(\})?$/i

/** Returns a UUID in its canonical form, lower case with hyphens, of text in any usual form; undefined if it is none. */
export function canonicalUuid(text: string): string | undefined {
  const match = UUID.exec(text)
  if (match === null || (match[1] === undefined) !== (match[8] === undefined)) return undefined
  const [, , one, , two, three, four, five] = match
  return [one, two, three, four, five].join('-').toLowerCase()
}
