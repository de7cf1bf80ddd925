import { type Hex, parseHex32 } from '../words/hex.ts'

/**
 * What makes a CAT's coins findable: with an owner it gives their puzzle hash. `tail` is the hash of the CAT's TAIL, and
 * its asset id. `hidden`: the hash of the puzzle with which the issuer can revoke; undefined if it cannot.
 */
export type Lead = { readonly tail: Hex; readonly hidden: Hex | undefined }

/** A lead as text. */
export function leadText({ tail, hidden }: Lead): string {
  return hidden === undefined ? tail : `${tail}:${hidden}`
}

/** Returns the lead of text; undefined if it is none. */
export function parseLead(text: string): Lead | undefined {
  const [first, second, ...more] = text.split(':')
  const [tail, hidden] = [parseHex32(first), parseHex32(second)]
  if (tail === undefined || more.length > 0 || (second !== undefined && hidden === undefined)) return undefined
  return { tail, hidden }
}
