/** Size of the first range, before anything is known about the node or how full the chain's blocks are. */
const FIRST_SIZE = 200
/** Most blocks in one request. Emptier chains gain nothing from more. */
const MAX_SIZE = 10_000
/** Transfers that one answer should have: enough to hide a round trip, few enough to keep several answers in memory. */
const WANTED_TRANSFERS = 10_000
/** A slower answer delays the ones behind it. */
const WANTED_MS = 2_000
/** Successes after which a learned ceiling is raised again: nodes raise limits, and one slow answer proves little. */
const TRIES_BEFORE_LIFT = 40

/** How many blocks to request: learned from the size and time of answers, and from ranges that were too large. */
export type RangeSize = { readonly blocks: number; readonly ceiling: number; readonly successes: number }

/** The size before anything is learned. */
export const FIRST_RANGE_SIZE: RangeSize = { blocks: FIRST_SIZE, ceiling: MAX_SIZE, successes: 0 }

/**
 * Size of the first ranges of a chain's first backfill: small enough for a first answer, and so a first commit, within
 * a second on a busy chain. It doubles with each light answer.
 */
export const QUICK_RANGE_SIZE: RangeSize = { ...FIRST_RANGE_SIZE, blocks: 25 }

/** The size of the first range of a gap: the whole gap for a kind that asks so, until a node refuses it. */
export function startSize(gap: { readonly first: number; readonly last: number }, wholeRanges = false): RangeSize {
  return wholeRanges ? { ...FIRST_RANGE_SIZE, blocks: gap.last - gap.first + 1 } : QUICK_RANGE_SIZE
}

/**
 * The size after an answer: grows towards the wanted transfers, at most twofold; shrinks if the answer was too large or
 * too slow.
 */
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

/** The size after a range was too large: the node's own suggestion if it is useful, else half. */
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
