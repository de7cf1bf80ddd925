/** Blocks asked for first, before anything is known of the node or of how full the chain is. */
const FIRST_SIZE = 200
/** Most blocks in one request: emptier chains than this gain nothing more. */
const MAX_SIZE = 10_000
/** Transfers that one answer should bring: large enough to hide a round trip, small enough to hold several in memory. */
const WANTED_TRANSFERS = 10_000
/** An answer that takes longer holds up the ones behind it. */
const WANTED_MS = 2_000
/** Successes after which a learned ceiling is tried again: nodes raise limits, and one slow answer is no rule. */
const TRIES_BEFORE_LIFT = 40

/** How many blocks to ask for: learned from what answers bring, from how long they take, and from refusals. */
export type RangeSize = { readonly blocks: number; readonly ceiling: number; readonly successes: number }

/** Where learning begins. */
export const FIRST_RANGE_SIZE: RangeSize = { blocks: FIRST_SIZE, ceiling: MAX_SIZE, successes: 0 }

/**
 * Where a chain's first backfill begins: few enough blocks for a first answer, and so a first commit, within a second on a
 * busy chain. They double with each light answer.
 */
export const QUICK_RANGE_SIZE: RangeSize = { ...FIRST_RANGE_SIZE, blocks: 25 }

/** After an answer: grow towards the wanted transfers, at most twofold; shrink where it was too much or too slow. */
export function afterAnswer(
  size: RangeSize,
  answer: { readonly blocks: number; readonly transfers: number; readonly ms: number },
): RangeSize {
  const successes = size.successes + 1
  const lifted = successes % TRIES_BEFORE_LIFT === 0 ? Math.min(size.ceiling * 2, MAX_SIZE) : size.ceiling
  const byCount = WANTED_TRANSFERS / Math.max(answer.transfers, 1)
  const byTime = WANTED_MS / Math.max(answer.ms, 1)
  const factor = Math.min(2, Math.max(0.5, Math.min(byCount, byTime)))
  const wanted = Math.round(answer.blocks * factor)
  const small = answer.blocks < size.blocks && wanted < size.blocks && factor > 1
  return { blocks: clamp(small ? size.blocks : wanted, lifted), ceiling: lifted, successes }
}

/** After a refusal of so many blocks: the node's own suggestion where it makes sense, else half. */
export function afterTooLarge(
  size: RangeSize,
  refused: { readonly blocks: number; readonly suggested: number | undefined },
): RangeSize {
  const { blocks, suggested } = refused
  const useful = suggested !== undefined && suggested >= 1 && suggested < blocks
  const next = useful ? suggested : Math.floor(blocks / 2)
  return { blocks: clamp(Math.min(next, size.blocks), MAX_SIZE), ceiling: clamp(next, MAX_SIZE), successes: 0 }
}

function clamp(blocks: number, ceiling: number): number {
  return Math.max(1, Math.min(Math.floor(blocks), ceiling))
}
