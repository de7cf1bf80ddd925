import type { BlockRef } from '../../core/block.ts'
import { chunksOf, type Plan, scan, write } from '../plan.ts'
import { blocks, clock } from '../tables/facts.ts'
import { addToFeed } from './feed.ts'
import type { JournalRules } from './journal-rules.ts'
import { readClock } from './own-blocks.ts'

const BLOCKS_AT_ONCE = 5_000

/**
 * Blocks below the finalized head whose hashes are kept even without transfers, some 100 bytes each. Reads and
 * investigations concern blocks near the head, which are final within seconds if finality is quick. While the hash is
 * kept, such a block can be distinguished from one of another branch.
 */
export const NAMED_BELOW_FINAL = 512

/**
 * Moves the finalized head forward, and deletes the hashes of blocks without transfers some way below it. Returns true if
 * it moved.
 */
export function* finalize({ number, hash }: BlockRef, rules: JournalRules): Plan<boolean> {
  const before = yield* readClock()
  const { finalizedNumber } = before
  if (finalizedNumber !== undefined && finalizedNumber >= number) return false
  yield* write((changes) => changes.update(clock, before, { ...before, finalizedNumber: number, finalizedHash: hash }))
  yield* addToFeed({ kind: 'finalized', first: (finalizedNumber ?? rules.from - 1) + 1, last: number })
  const order = ['number'] as const
  const after = [(finalizedNumber ?? 0) - NAMED_BELOW_FINAL - 1]
  const through = [number - NAMED_BELOW_FINAL - 1]
  const unkept = yield* scan(blocks, { where: { kept: false }, order, after, through })
  for (const chunk of chunksOf(unkept, BLOCKS_AT_ONCE)) {
    yield* write((changes) => {
      for (const row of chunk) changes.delete(blocks, row)
    })
  }
  return true
}
