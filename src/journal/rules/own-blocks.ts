import { assert } from '../../core/assert.ts'
import { type BlockRef, type Header, sameBlock } from '../../core/block.ts'
import { chunksOf, find, lookup, type Plan } from '../plan.ts'
import { blocks, clock, ONE } from '../tables/facts.ts'
import type { Row } from '../tables/table.ts'
import type { JournalRules } from './journal-rules.ts'

const BLOCKS_AT_ONCE = 1_000

/** The clock's row. */
export type ClockRow = Row<typeof clock>

/** The clock of the journal. */
export function* readClock(): Plan<ClockRow> {
  const row = yield* find(clock, ONE)
  assert(row !== undefined, 'the clock row exists once the chain was claimed')
  return row
}

/** The last written block; undefined before the first. */
export function writtenOf({ number, hash, parent, timestamp }: ClockRow): Header | undefined {
  if (number === undefined || hash === undefined) return undefined
  return { number, hash, parentHash: parent ?? '', timestamp: timestamp ?? 0 }
}

/** The columns of a header in the rows of clock and blocks. If the parent was never read, it is an empty text. */
export function headerColumns({ number, hash, parentHash, timestamp }: Header) {
  return { number, hash, parent: parentHash === '' ? undefined : parentHash, timestamp }
}

/**
 * True if this block is stored with this hash. Far below the finalized head, only blocks with transfers keep their
 * hashes.
 */
export function* holds(block: BlockRef): Plan<boolean> {
  const row = yield* find(blocks, { number: block.number })
  return row !== undefined && sameBlock(row, block)
}

/** True if this block is ours, or is final and its hash was deleted. */
export function* holdsOrForgot(block: BlockRef): Plan<boolean> {
  const [row, { finalizedNumber }] = [yield* find(blocks, { number: block.number }), yield* readClock()]
  if (row !== undefined) return row.hash === block.hash
  return finalizedNumber !== undefined && block.number <= finalizedNumber
}

/** The blocks that are ours, or may be: final blocks without transfers whose hashes were deleted. */
export function* mayHold<B extends BlockRef>(candidates: readonly B[], { from }: JournalRules): Plan<readonly B[]> {
  const written = (yield* readClock()).number ?? -1
  const ours: B[] = []
  for (const chunk of chunksOf(candidates, BLOCKS_AT_ONCE)) {
    const rows = yield* lookup(
      blocks,
      chunk.map(({ number }) => ({ number })),
    )
    for (const [index, block] of chunk.entries()) {
      const row = rows[index]
      const isIn = block.number <= written && block.number >= from
      if (isIn && (row === undefined || sameBlock(row, block))) ours.push(block)
    }
  }
  return ours
}
