import { type BlockRef, type Header, type Heads, sameBlock } from '../core/block.ts'

/** Most blocks that one step of following fetches, with their headers. */
export const FOLLOW_BLOCKS = 50

/** If we are farther than this behind the finalized head, ranges are cheaper than single blocks. */
const BACKFILL_DISTANCE = 100

/** Blocks from `first` to `last`. */
export type BlockRange = { readonly first: number; readonly last: number }

/** What to do next, according to our blocks and the node's heads. */
export type Plan =
  | { readonly do: 'nothing' }
  /**
   * The node is behind us on our own chain. `below`: it is even below this block, the finalized head. `at`: its head,
   * which is one of our blocks.
   */
  | { readonly do: 'wait'; readonly below?: number; readonly at?: BlockRef }
  | ({ readonly do: 'backfill' } & BlockRange)
  | ({ readonly do: 'follow' } & BlockRange)
  /** The node has another block than ours at this number. */
  | { readonly do: 'resolve'; readonly number: number }

/** What we have: the last written block, and our header chain above the finalized head. */
export type Held = { readonly written: Header | undefined; readonly headers: readonly BlockRef[] }

/** Decides the next step, without asking a node. `from`: the first block of the coverage. */
export function nextStep(held: Held, heads: Heads, from: number): Plan {
  const { written } = held
  const next = written === undefined ? from : written.number + 1
  const { latest, finalized } = heads
  if (written !== undefined && sameBlock(written, latest)) return { do: 'nothing' }
  if (latest.number < next) {
    const ours = held.headers.find((header) => header.number === latest.number)
    const [floor] = held.headers
    if (floor !== undefined && latest.number < floor.number) return { do: 'wait', below: floor.number }
    if (written === undefined || ours === undefined) return { do: 'wait' }
    if (ours.hash === latest.hash) return { do: 'wait', at: ours }
    return { do: 'resolve', number: latest.number }
  }
  if (finalized.number - next >= BACKFILL_DISTANCE) return { do: 'backfill', first: next, last: finalized.number }
  return { do: 'follow', first: next, last: Math.min(latest.number, next + FOLLOW_BLOCKS - 1) }
}

/** Says that the node's head is below a block that was final. */
export function farBehind(head: number, final: number): string {
  return `the node is at block ${head}, but block ${final} was final: it is far behind, or its chain was restarted`
}
