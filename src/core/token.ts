import type { AssetRef } from './asset.ts'

/**
 * The facts that a token reports about itself. Undefined is unknown, never a default. Text is cleaned: no control or
 * bidi characters.
 */
export type TokenFacts = {
  readonly asset: AssetRef
  readonly name: string | undefined
  readonly symbol: string | undefined
  readonly decimals: number | undefined
  /** Base units, at the block of the read. */
  readonly totalSupply: bigint | undefined
}

/** True if any fact is known. */
export function hasFacts({ name, symbol, decimals, totalSupply }: Omit<TokenFacts, 'asset'>): boolean {
  return name !== undefined || symbol !== undefined || decimals !== undefined || totalSupply !== undefined
}

/** The name of a fact. */
export type TokenFact = Exclude<keyof TokenFacts, 'asset'>

/**
 * The facts from one read. `unknownFacts`: facts that the node did not report, although the token may have them. They are
 * undefined here, and earlier values stay the best known. Omitted if there are none.
 */
export type ReadTokenFacts = TokenFacts & { readonly unknownFacts?: readonly TokenFact[] }

/** Longest name to keep, in characters. The rest of the untrusted text is cut. */
export const MAX_NAME_CHARACTERS = 128
/** Longest symbol to keep, in characters. */
export const MAX_SYMBOL_CHARACTERS = 64

// Control characters, line separators, bidi embeddings, overrides and isolates, zero-width characters, BOM, and halves
// of surrogate pairs: they could break a line, reverse a text or hide in it.
const UNSAFE = /[\p{Cc}\p{Cs}\u2028\u2029\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufffd]/gu

/**
 * Untrusted text made safe to show: drops unsafe characters, folds white space, cuts at `maxCharacters`; undefined if
 * empty.
 */
export function cleanText(text: string, maxCharacters: number): string | undefined {
  const folded = text.slice(0, maxCharacters * 8).replace(/[\t\n\v\f\r ]+/g, ' ')
  const head = folded.replace(UNSAFE, '').trim()
  const cut = [...head].slice(0, maxCharacters).join('').trim()
  return cut === '' ? undefined : cut
}
