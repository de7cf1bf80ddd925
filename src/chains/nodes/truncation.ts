import { ServiceError } from '../../core/errors.ts'

/**
 * Small counts of entries at which nodes have been seen to truncate answers without an error. Larger ones follow
 * `ROUND_STEP`.
 */
const ROUND_COUNTS = new Set([25, 50, 100, 128, 200, 250, 256, 500, 512])
/** From here on, every multiple of this number and every power of two is a likely limit. */
const ROUND_STEP = 1_000

/** True for a number of entries that is likely to be a configured limit. */
export function isRound(count: number): boolean {
  if (count < ROUND_STEP) return ROUND_COUNTS.has(count)
  return count % ROUND_STEP === 0 || Number.isInteger(Math.log2(count))
}

/** The most entries that an answer of each node (by label) had without being truncated: it does not truncate below that. */
export class UncutCounts {
  readonly #byLabel = new Map<string, number>()

  /** True if a node is known to return this many entries or more without truncating. */
  isKnown(label: string, count: number): boolean {
    return count <= (this.#byLabel.get(label) ?? 0)
  }

  /** Records that an answer of this size was complete: its size is not a round number, or the halves had no more. */
  note(label: string, count: number): void {
    if (!this.isKnown(label, count)) this.#byLabel.set(label, count)
  }
}

/** First and last number of a range of blocks. */
type Range = { readonly first: number; readonly last: number }

/** An answer of a node (`label`) for a range of blocks. */
export type CountedAnswer = {
  readonly label: string
  readonly range: Range
  /** Entries in the answer. */
  readonly count: number
}

/**
 * Checks that an answer was not truncated without an error. If it has a round number of entries, the two halves of the
 * range are counted, unless the node is known to return that many. Returns false if nothing can tell: one block has no
 * halves. `countIn`: the entries in the answer for a part of the range; infinite if that answer is unusable.
 * @throws RANGE_TOO_LARGE the halves have more entries; field `suggested`: half the range
 */
export async function isWhole(
  { label, range, count }: CountedAnswer,
  how: {
    readonly uncut: UncutCounts
    readonly countIn: (half: Range) => Promise<number>
    readonly onTruncated: () => void
  },
): Promise<boolean> {
  const { first, last } = range
  const { uncut } = how
  if (!isRound(count)) uncut.note(label, count)
  if (uncut.isKnown(label, count)) return true
  if (first === last) return false
  const blocks = Math.ceil((last - first + 1) / 2)
  const before = await how.countIn({ first, last: first + blocks - 1 })
  const sum = before + (await how.countIn({ first: first + blocks, last }))
  if (sum > count) {
    how.onTruncated()
    throw new ServiceError('RANGE_TOO_LARGE', `${label} truncated an answer at ${count} logs`, {
      fields: { suggested: blocks },
    })
  }
  uncut.note(label, count)
  return true
}
