import { hash } from 'node:crypto'

/** The namespace of the ids that are derived here (RFC 9562, section 5.5). */
const NAMESPACE = Buffer.from('6f3a1c0e5b7d4f2e9a8c0d1e2f3a4b5c', 'hex')
const UUID_DIGITS = 32

/** Returns a UUIDv5 of some texts in order: the same for the same texts, always. */
export function uuidOf(...parts: readonly string[]): string {
  // As JSON, so that no two lists of texts are the same text.
  const hex = hash('sha1', Buffer.concat([NAMESPACE, Buffer.from(JSON.stringify(parts))]), 'hex').slice(0, UUID_DIGITS)
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`
}
