/**
 * True if no row can have this text, or a text that begins so. A caller may send any text. PostgreSQL stores none with the character
 * U+0000, and fails if one is looked up.
 */
export function isInNoRow(text: string): boolean {
  return text.includes('\0')
}
