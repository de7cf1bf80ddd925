import { isAmount, MAX_AMOUNT } from '../core/amount.ts'

/** A read that gives a pair its opening. `since`: the first block from which the opening holds. */
export type Opening = { readonly block: number; readonly amount: bigint; readonly since: number }

/** The `since` of an opening that holds since coverage began. */
export const SINCE_COVERAGE = 0

/** Sums that are out of range with an opening: those below `least` or above `most`. */
export type SumRange = { readonly least: bigint; readonly most: bigint }

/** What the segments of a pair are made from: its stored changes. */
export type PairSums = {
  /** The running sum at the end of a block. */
  readonly sumAt: (block: number) => bigint
  /** The blocks after one with a change whose running sum is out of the range, in order; a block may come twice. */
  readonly outsideAfter: (block: number, range: SumRange) => Iterable<number>
  /** The same blocks up to one, the last first. */
  readonly outsideThrough: (block: number, range: SumRange) => Iterable<number>
  /** The first block with a change after one. */
  readonly nextChange: (block: number) => number | undefined
}

/**
 * The newest segment of a pair. `dropped`: the blocks of reads that are not needed. `moved`: the reads whose `since`
 * is another one than before.
 */
export type NewestSegment = {
  readonly opening: bigint | undefined
  readonly closedBlock: number | undefined
  readonly dropped: readonly number[]
  readonly moved: readonly { readonly block: number; readonly since: number }[]
}

/**
 * A pair's history is cut into segments. Each has an opening, from coverage or from a read, and closes at the block at
 * whose end opening + sum is out of range. Returns the newest one, which alone gives amounts. `reads`: in the order of
 * their blocks. `coverage`: the opening that coverage gives, 0 or unknown.
 */
export function newestSegment(
  pair: PairSums,
  { reads, coverage }: { readonly reads: readonly Opening[]; readonly coverage: bigint | undefined },
): NewestSegment {
  let opening = coverage
  let closedBlock = opening === undefined ? undefined : closedAfter(pair, opening, -1)
  const dropped: number[] = []
  const moved: { block: number; since: number }[] = []
  for (const read of reads) {
    if (opening !== undefined && (closedBlock === undefined || read.block < closedBlock)) {
      // The segment covers this block without the read, so the read is not needed, even if the segment closes later.
      dropped.push(read.block)
      continue
    }
    const first = opening === undefined
    opening = read.amount - pair.sumAt(read.block)
    const since = first ? holdsSince(pair, opening, read.block) : read.block
    if (since !== read.since) moved.push({ block: read.block, since })
    closedBlock = closedAfter(pair, opening, read.block)
  }
  return { opening, closedBlock, dropped, moved }
}

/** The first block after `after` at whose end opening + sum is out of range. */
export function closedAfter(pair: PairSums, opening: bigint, after: number): number | undefined {
  for (const block of pair.outsideAfter(after, rangeOf(opening))) {
    if (!isAmount(opening + pair.sumAt(block))) return block
  }
  return undefined
}

/** The first block from which opening + sum is in range at the end of every block up to `through`. */
function holdsSince(pair: PairSums, opening: bigint, through: number): number {
  for (const block of pair.outsideThrough(through, rangeOf(opening))) {
    if (!isAmount(opening + pair.sumAt(block))) return pair.nextChange(block) ?? through
  }
  if (isAmount(opening)) return SINCE_COVERAGE
  return pair.nextChange(-1) ?? through
}

function rangeOf(opening: bigint): SumRange {
  return { least: -opening, most: MAX_AMOUNT - opening }
}
