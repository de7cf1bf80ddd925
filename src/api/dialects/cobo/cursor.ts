import { hash } from 'node:crypto'

/** Bytes of a cursor that bind it to its list: enough that no text fits by chance. */
const SEAL_BYTES = 12

/**
 * The list that a cursor belongs to: its name, the principal, and the filters as the caller gave them. Not the limit: it may
 * change from page to page.
 */
export type CursorList = {
  readonly name: string
  readonly principal: string
  readonly filters: readonly (string | undefined)[]
}

/** The parameter that takes a cursor. */
export type CursorSide = 'after' | 'before'

/**
 * Returns the cursor of a key for one list and one direction: opaque text that needs no encoding in a URL. It never expires,
 * since keys never change. It is no secret: it names a place in a list of which the caller sees only its own rows.
 */
export function writeCursor(list: CursorList, side: CursorSide, key: readonly number[]): string {
  const place = Buffer.from(key.join('.'))
  return Buffer.concat([sealOf(list, side, place), place]).toString('base64url')
}

/**
 * Returns the key of a cursor with `length` numbers. Undefined if the text is no cursor, or one of another list, principal,
 * filter or direction.
 */
export function readCursor(
  text: string,
  { list, side, length }: { readonly list: CursorList; readonly side: CursorSide; readonly length: number },
): readonly number[] | undefined {
  const bytes = Buffer.from(text, 'base64url')
  // The decoder skips what it does not know, so other texts would be the same cursor.
  if (bytes.toString('base64url') !== text) return undefined
  const place = bytes.subarray(SEAL_BYTES)
  if (!sealOf(list, side, place).equals(bytes.subarray(0, SEAL_BYTES))) return undefined
  const key = place.toString().split('.').map(Number)
  return key.length === length && key.every((part) => Number.isSafeInteger(part) && part >= 0) ? key : undefined
}

function sealOf({ name, principal, filters }: CursorList, side: CursorSide, place: Buffer): Buffer {
  const bound = JSON.stringify([side, name, principal, filters.map((filter) => filter ?? null)])
  return hash('sha256', Buffer.concat([Buffer.from(`${bound}\n`), place]), 'buffer').subarray(0, SEAL_BYTES)
}
