/**
 * Text that names something for people: ids of wallets and assets, names, symbols. It shows at least one character. It
 * has no control character, no half of a surrogate pair, and no control of the writing direction, which makes one text
 * look like another (Unicode Technical Report 36, section 2.5). Text is blank if it shows nothing in any script: white
 * space, characters that Unicode says may be ignored in display, the blank braille pattern, and the anchors of
 * annotations.
 */
export const LABEL_PATTERN =
  '^(?=[\\s\\S]*[^\\p{White_Space}\\p{Default_Ignorable_Code_Point}\\u2800\\ufff9-\\ufffb])[^\\p{Cc}\\p{Cs}\\p{Bidi_Control}]*$'

const LABEL = new RegExp(LABEL_PATTERN, 'u')

/** True if the text matches LABEL_PATTERN and has at most `maxCharacters` characters (code points). */
export function isLabel(text: string, maxCharacters: number): boolean {
  return hasAtMost(text, maxCharacters) && LABEL.test(text)
}

/**
 * True if the text has at most `characters` characters (code points). It does not count the characters of a text that
 * is certainly too long.
 */
export function hasAtMost(text: string, characters: number): boolean {
  if (text.length <= characters) return true
  // A character is one or two units of a JavaScript string.
  return text.length <= 2 * characters && charactersOf(text) <= characters
}

/** The number of characters (code points) of text. */
export function charactersOf(text: string): number {
  let count = 0
  for (const _ of text) count += 1
  return count
}
