import { createHash } from 'node:crypto'

/** The namespace of the ids that are derived here (RFC 9562, section 5.5). */
const NAMESPACE = Buffer.from('6f3a1c0e5b7d4f2e9a8c0d1e2f3a4b5c', 'hex')

/** Returns a UUIDv5 of some texts in order: the same for the same texts, always. */
export function uuidOf(...parts: readonly string[]): string {
  // As JSON, so that no two lists of texts are the same text.
  const bytes = createHash('sha1').update(NAMESPACE).update(JSON.stringify(parts)).digest().subarray(0, 16)
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  const hex = bytes.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
