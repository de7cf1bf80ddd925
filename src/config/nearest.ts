/** Most edits per character between a mistyped word and a suggestion. */
const EDITS_A_CHARACTER = 1 / 3
/** Shortest text to complete: one letter fits too many words. */
const MIN_PREFIX_CHARACTERS = 2
/** The cost of completing a word: less than any other mistake. */
const EDITS_OF_A_BEGINNING = 0.5
/** Longest text to compare: the work grows with the square of the length, and no known word is half as long. */
const MAX_CHARACTERS = 200

/**
 * The known word that was probably meant, or undefined. Ignores case and separators (`pollMs` is `poll_ms`), completes
 * the beginning of a word (`final`), and allows a third of the characters to be wrong.
 */
export function nearest(given: string, known: readonly string[]): string | undefined {
  const text = plain(given)
  if (text === '' || text.length > MAX_CHARACTERS) return undefined
  const ranked = known.map((word) => ({ word, edits: editsTo(text, plain(word)) }))
  const best = ranked.reduce((a, b) => (b.edits < a.edits ? b : a), { word: '', edits: Number.POSITIVE_INFINITY })
  return best.edits <= Math.max(1, Math.floor(text.length * EDITS_A_CHARACTER)) ? best.word : undefined
}

/** The clause that suggests a word; undefined without a suggestion. */
export function didYouMean(meant: string | undefined): string | undefined {
  return meant === undefined ? undefined : `did you mean "${meant}"?`
}

function plain(text: string): string {
  return text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '')
}

function editsTo(given: string, word: string): number {
  if (given === word) return 0
  if (given.length >= MIN_PREFIX_CHARACTERS && word.startsWith(given)) return EDITS_OF_A_BEGINNING
  const edits = editDistance(given, word)
  return word.length >= MIN_PREFIX_CHARACTERS && given.startsWith(word) ? edits / 2 : edits
}

/**
 * The number of insertions, deletions, replacements and swaps of neighbours between two texts (optimal string
 * alignment).
 */
function editDistance(a: string, b: string): number {
  let before: readonly number[] = []
  let row: readonly number[] = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let i = 1; i <= a.length; i++) {
    const next: number[] = [i]
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1
      const edits = [(row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + cost]
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (isSwap) edits.push((before[j - 2] ?? 0) + 1)
      next.push(Math.min(...edits))
    }
    before = row
    row = next
  }
  return row[b.length] ?? 0
}
