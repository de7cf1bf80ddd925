/**
 * Steps over JSON (RFC 8259) in bytes. Each function gets a place in a text and returns the place behind what it read, or
 * -1 if that is not there in its plain form: strings have printable ASCII without escapes, numbers are integers. Bytes past
 * the end are never part of anything.
 */
const QUOTE = 0x22
const BACKSLASH = 0x5c

/** Skips white space. */
export function skipSpaces(text: Uint8Array, at: number): number {
  for (let byte = text[at]; byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09; byte = text[++at]);
  return at
}

/** Skips a string, its quotes included. */
export function skipString(text: Uint8Array, at: number): number {
  if (text[at] !== QUOTE) return -1
  for (at++; ; at++) {
    const byte = text[at] ?? 0
    if (byte === QUOTE) return at + 1
    if (byte < 0x20 || byte > 0x7e || byte === BACKSLASH) return -1
  }
}

/** The words of JSON, by their first byte. */
const WORDS = new Map(['true', 'false', 'null'].map((word) => [word.charCodeAt(0), Buffer.from(word)]))

/** Skips a string, an integer, `true`, `false` or `null`. */
export function skipScalar(text: Uint8Array, at: number): number {
  const first = text[at] ?? 0
  if (first === QUOTE) return skipString(text, at)
  if (first === 0x2d || isDigit(first)) return skipInteger(text, first === 0x2d ? at + 1 : at)
  const word = WORDS.get(first)
  if (word === undefined) return -1
  for (let i = 0; i < word.length; i++) if (text[at + i] !== word[i]) return -1
  return at + word.length
}

function skipInteger(text: Uint8Array, at: number): number {
  const start = at
  while (isDigit(text[at] ?? 0)) at++
  if (at === start || (text[start] === 0x30 && at > start + 1)) return -1
  // A fraction or an exponent is left to an ordinary parser.
  const next = text[at]
  return next === 0x2e || next === 0x65 || next === 0x45 ? -1 : at
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}
