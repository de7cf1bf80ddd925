import type { AssetRef } from './asset.ts'

/** What a token says of itself. Undefined is unknown, never a default. Text is cleaned: no control or bidi characters. */
export type TokenFacts = {
  readonly asset: AssetRef
  readonly name: string | undefined
  readonly symbol: string | undefined
  readonly decimals: number | undefined
  /** Base units, at the block at which the facts were read. */
  readonly totalSupply: bigint | undefined
}

/** True where anything is known. */
export function hasFacts({ name, symbol, decimals, totalSupply }: Omit<TokenFacts, 'asset'>): boolean {
  return name !== undefined || symbol !== undefined || decimals !== undefined || totalSupply !== undefined
}

/** A fact by its name. */
export type TokenFact = Exclude<keyof TokenFacts, 'asset'>

/**
 * What a token said when it was asked. `untold`: facts that the node did not tell, though the token may; they are
 * undefined here, and what was known of them before is still the best there is. Left out where there are none.
 */
export type ReadTokenFacts = TokenFacts & { readonly unknownFacts?: readonly TokenFact[] }

/** Longest name that we keep, in characters; the rest of an untrusted text is cut. */
export const MAX_NAME_CHARACTERS = 128
/** Longest symbol that we keep, in characters. */
export const MAX_SYMBOL_CHARACTERS = 64

// Control characters, line separators, bidi embeddings, overrides and isolates, zero-width characters, BOM, and
// halves of surrogate pairs: what could break a line, reverse a text or hide in it.
const UNSAFE = /[\p{Cc}\p{Cs}\u2028\u2029\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufffd]/gu

/** Untrusted text made fit to show: unsafe characters dropped, space folded, cut at `maxCharacters`; undefined if empty. */
export function cleanText(text: string, maxCharacters: number): string | undefined {
  const folded = text.slice(0, maxCharacters * 8).replace(/[\t\n\v\f\r ]+/g, ' ')
  const head = folded.replace(UNSAFE, '').trim()
  const cut = [...head].slice(0, maxCharacters).join('').trim()
  return cut === '' ? undefined : cut
}
