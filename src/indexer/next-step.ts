import { type BlockRef, type Header, type Heads, sameBlock } from '../core/block.ts'

/** Blocks fetched one by one, with their headers, in one step of following. */
export const FOLLOW_BLOCKS = 50

/** Farther than this behind the finalized head, ranges are cheaper than block-by-block. */
const BACKFILL_DISTANCE = 100

/** What to do next, from what we hold and what the node says. */
export type Plan =
  | { readonly do: 'nothing' }
  /** The node is behind us on our own chain; `below`: even below this block, the finalized head. */
  | { readonly do: 'wait'; readonly below?: number }
  | { readonly do: 'backfill'; readonly first: number; readonly last: number }
  | { readonly do: 'follow'; readonly first: number; readonly last: number }
  /** At this number the node has a block that is not ours. */
  | { readonly do: 'resolve'; readonly number: number }

/** What we hold: the last written block, and our header chain above the finalized head. */
export type Held = { readonly written: Header | undefined; readonly headers: readonly BlockRef[] }

/** Decides the next step; asks nobody. `from`: the first block of the coverage. */
export function plan(held: Held, heads: Heads, from: number): Plan {
  const { written } = held
  const next = written === undefined ? from : written.number + 1
  const { latest, finalized } = heads
  if (written !== undefined && sameBlock(written, latest)) return { do: 'nothing' }
  if (latest.number < next) {
    const ours = held.headers.find((header) => header.number === latest.number)
    const [floor] = held.headers
    if (floor !== undefined && latest.number < floor.number) return { do: 'wait', below: floor.number }
    if (written === undefined || ours === undefined || ours.hash === latest.hash) return { do: 'wait' }
    return { do: 'resolve', number: latest.number }
  }
  if (finalized.number - next >= BACKFILL_DISTANCE) return { do: 'backfill', first: next, last: finalized.number }
  return { do: 'follow', first: next, last: Math.min(latest.number, next + FOLLOW_BLOCKS - 1) }
}
