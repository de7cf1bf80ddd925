import { chunksOf, type Plan, scan, together } from '../plan.ts'
import { byMeeting, metWithoutLog, type Position } from '../position.ts'
import { hints } from '../tables/facts.ts'
import type { Row } from '../tables/table.ts'
import { type AssetRow, assetsById, isFungibleRow } from './assets.ts'
import type { DoubtMarks } from './doubts.ts'
import type { JournalRules } from './journal-rules.ts'
import { lastChange, type Meeting, meetingOf } from './meetings.ts'
import { PAIRS_AT_ONCE, type PairEdit, type PairKey, pairName, readPair, writePairs } from './pairs.ts'

/** A stored hint. */
export type HintRow = Row<typeof hints>

/** The pair that a hint concerns. */
export function hintedPair(asset: AssetRow, { account, item }: Pick<HintRow, 'account' | 'item'>): PairKey {
  return { account, asset: asset.id, item, fungible: isFungibleRow(asset) }
}

/** Applies the earlier hints of a contract that was just shown to be a token. */
export function* applyHints(asset: number, rules: JournalRules, doubts: DoubtMarks): Plan<void> {
  const pairs = yield* pairsOf(asset)
  yield* meetAgain(pairs, rules)
  yield* doubts.unprove(pairs)
}

/**
 * Recomputes how the hinted pairs of a token were met. Needed if the token may no longer be known, or its pairs may
 * have been met elsewhere.
 */
export function* remeetHinted(asset: number, rules: JournalRules): Plan<void> {
  yield* meetAgain(yield* pairsOf(asset), rules)
}

/** The pairs that hints of a token name. */
export function* pairsOf(asset: number): Plan<readonly PairKey[]> {
  const row = (yield* assetsById([asset])).get(asset)
  if (row === undefined) return []
  const { reference, standard } = row
  const rows = yield* scan(hints, { where: { reference, standard }, order: ['account', 'item'] })
  return rows.map((hint) => hintedPair(row, hint))
}

/** Records that pairs were met at the end of a block, in which they may have received, unless they were met earlier. */
export function* meet(pairs: readonly { readonly pair: PairKey; readonly block: number }[], rules: JournalRules) {
  for (const chunk of chunksOf(pairs, PAIRS_AT_ONCE)) {
    yield* writePairs(yield* together(chunk.map(({ pair, block }) => metAt(pair, block, rules))))
  }
}

function* metAt(pair: PairKey, block: number, rules: JournalRules): Plan<PairEdit> {
  const meeting = { ...metWithoutLog(block, pair.asset), receivedBlock: block }
  const before = yield* readPair(pair)
  if (before === undefined) return { pair, before, after: fresh(pair, meeting, rules) }
  const receivedBlock = Math.min(before.receivedBlock ?? Number.MAX_SAFE_INTEGER, block)
  const isEarlier = byMeeting(meeting, before) < 0
  const lastBlock = isEarlier ? ((yield* lastChange(pair))?.block ?? block) : before.lastBlock
  const met = isEarlier ? meeting : {}
  return { pair, before, after: { ...before, ...met, lastBlock, receivedBlock } }
}

/** Recomputes from the stored rows how pairs were met. */
export function* meetAgain(pairs: readonly PairKey[], rules: JournalRules): Plan<void> {
  const distinct = [...new Map(pairs.map((pair) => [pairName(pair), pair])).values()]
  for (const chunk of chunksOf(distinct, PAIRS_AT_ONCE)) {
    const edits = yield* together(chunk.map((pair) => metAgain(pair, rules)))
    yield* writePairs(edits)
  }
}

function* metAgain(pair: PairKey, rules: JournalRules): Plan<PairEdit> {
  const before = yield* readPair(pair)
  const meeting = yield* meetingOf(pair)
  if (meeting === undefined) return { pair, before, after: undefined }
  const lastBlock = (yield* lastChange(pair))?.block ?? meeting.metBlock
  const after = before === undefined ? fresh(pair, meeting, rules) : { ...before, ...meeting, lastBlock }
  return { pair, before, after }
}

function fresh({ fungible }: PairKey, meeting: Meeting, { opening }: JournalRules): Position {
  return { sum: 0n, opening, ...meeting, lastBlock: meeting.metBlock, closedBlock: undefined, fungible }
}
