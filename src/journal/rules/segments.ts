import { isAmount, MAX_AMOUNT } from '../../core/amount.ts'
import { type Plan, type ScanRange, scan, write } from '../plan.ts'
import type { Position } from '../position.ts'
import { changes, openings } from '../tables/facts.ts'
import type { Row } from '../tables/table.ts'
import { CHAIN_ORDER, lastChange } from './meetings.ts'
import { keyOf, type PairKey } from './pairs.ts'

/** A read that gives a pair its opening. `since`: the first block from which the opening holds. */
export type Opening = Row<typeof openings>

/** The `since` of an opening that holds since coverage began. */
export const SINCE_COVERAGE = 0

/** Changes that are read at a time. */
const ROWS_AT_ONCE = 100

/** The opening of a pair's newest segment, and the block where the segment closed. */
export type Segment = Pick<Position, 'opening' | 'closedBlock'>

/** The running sum at the end of a block. */
export function* sumAt(pair: PairKey, block: number): Plan<bigint> {
  return (yield* lastChange(pair, block))?.sum ?? 0n
}

/** The read that gives the newest segment its opening; undefined if coverage gives it. */
export function* newestOpening(pair: PairKey): Plan<Opening | undefined> {
  return (yield* scan(openings, { where: keyOf(pair), order: ['block'], descending: true, limit: 1 }))[0]
}

/**
 * A pair's history is cut into segments. Each has an opening, from coverage or from a read, and closes at the block at
 * whose end opening + sum is out of range. Returns the newest one, which alone gives amounts: a function of the pair's
 * changes and reads. Deletes reads that are not needed. `coverage`: the opening that coverage gives, 0 or unknown.
 */
export function* newestSegment(pair: PairKey, coverage: bigint | undefined): Plan<Segment> {
  const reads = yield* scan(openings, { where: keyOf(pair), order: ['block'] })
  let opening = coverage
  let closedBlock = opening === undefined ? undefined : yield* closedAfter(pair, opening, -1)
  const dropped: Opening[] = []
  const moved: { before: Opening; after: Opening }[] = []
  for (const read of reads) {
    if (opening !== undefined && (closedBlock === undefined || read.block < closedBlock)) {
      // The segment covers this block without the read, so the read is not needed, even if the segment closes later.
      dropped.push(read)
      continue
    }
    const first = opening === undefined
    opening = read.amount - (yield* sumAt(pair, read.block))
    const since = first ? yield* holdsSince(pair, opening, read.block) : read.block
    if (since !== read.since) moved.push({ before: read, after: { ...read, since } })
    closedBlock = yield* closedAfter(pair, opening, read.block)
  }
  yield* write((changeset) => {
    for (const { block } of dropped) changeset.delete(openings, { ...keyOf(pair), block })
    for (const { before, after } of moved) changeset.update(openings, before, after)
  })
  return { opening, closedBlock }
}

/** The first block after `after` at whose end opening + sum is out of range. */
export function* closedAfter(pair: PairKey, opening: bigint, after: number): Plan<number | undefined> {
  const range = { order: CHAIN_ORDER, outside: outsideOf(opening) }
  let last: readonly number[] = [after]
  for (;;) {
    const rows = yield* changesOf(pair, { ...range, after: last })
    for (const block of blocksOf(rows)) if (!isAmount(opening + (yield* sumAt(pair, block)))) return block
    const end = rows.at(-1)
    if (end === undefined || rows.length < ROWS_AT_ONCE) return undefined
    // The other changes of this block do not matter.
    last = [end.block]
  }
}

/** The first block from which opening + sum is in range at the end of every block up to `through`. */
function* holdsSince(pair: PairKey, opening: bigint, through: number): Plan<number> {
  const range = { order: CHAIN_ORDER, descending: true, outside: outsideOf(opening) }
  for (let last = through; ; ) {
    const rows = yield* changesOf(pair, { ...range, through: [last] })
    for (const block of blocksOf(rows)) {
      if (!isAmount(opening + (yield* sumAt(pair, block)))) return (yield* nextChange(pair, block)) ?? through
    }
    const end = rows.at(-1)
    if (end === undefined || rows.length < ROWS_AT_ONCE) break
    last = end.block - 1
  }
  if (isAmount(opening)) return SINCE_COVERAGE
  return (yield* nextChange(pair, -1)) ?? through
}

/** The first block with a change after one. */
function* nextChange(pair: PairKey, block: number): Plan<number | undefined> {
  return (yield* scan(changes, { where: keyOf(pair), order: CHAIN_ORDER, after: [block], limit: 1 }))[0]?.block
}

function changesOf(pair: PairKey, range: ScanRange<typeof changes>): Plan<readonly Row<typeof changes>[]> {
  return scan(changes, { ...range, where: keyOf(pair), limit: ROWS_AT_ONCE })
}

/** The blocks of rows, each once. */
function blocksOf(rows: readonly Row<typeof changes>[]): ReadonlySet<number> {
  return new Set(rows.map(({ block }) => block))
}

/** Sums that are out of range with an opening. */
function outsideOf(opening: bigint): { readonly column: 'sum'; readonly least: bigint; readonly most: bigint } {
  return { column: 'sum', least: -opening, most: MAX_AMOUNT - opening }
}
