import { Changeset, chunksOf, type Plan, scan, together } from '../plan.ts'
import { changes } from '../tables/facts.ts'
import type { JournalRules } from './journal-rules.ts'
import { CHAIN_ORDER, lastChange, meetingOf } from './meetings.ts'
import { byAccount, keyOf, type PairEdit, type PairKey, pairName, readPair, writePairs } from './pairs.ts'
import { newestSegment, sumAt } from './segments.ts'

/** Rows of a pair that are rewritten at a time. Bounds the memory for pairs with many rows. */
const ROWS_AT_ONCE = 5_000
/** Pairs that are rewritten side by side. */
const REWRITTEN_AT_ONCE = 16

/** Pairs whose changes differ now, each with the first block where they do. */
export class TouchedPairs {
  readonly #pairs = new Map<string, { readonly pair: PairKey; from: number }>()

  touch(pair: PairKey, block: number): void {
    const name = pairName(pair)
    const known = this.#pairs.get(name)
    if (known === undefined) this.#pairs.set(name, { pair, from: block })
    else known.from = Math.min(known.from, block)
  }

  /** The accounts of the pairs, each once. */
  accounts(): readonly Buffer[] {
    return [...new Map(this.all().map(({ pair: { account } }) => [account.toString('hex'), account])).values()]
  }

  all(): readonly { readonly pair: PairKey; readonly from: number }[] {
    return [...this.#pairs.values()]
  }
}

/** Recomputes the rows of pairs whose changes or reads were edited: running sums from a block on, segments, meetings. */
export function* rewritePairs(
  pairs: readonly { readonly pair: PairKey; readonly from: number }[],
  rules: JournalRules,
): Plan<void> {
  const sorted = [...pairs].sort((a, b) => byAccount(a.pair, b.pair))
  for (const chunk of chunksOf(sorted, REWRITTEN_AT_ONCE)) {
    yield* writePairs(yield* together(chunk.map(({ pair, from }) => rewritten(pair, from, rules))))
  }
}

function* rewritten(pair: PairKey, from: number, rules: JournalRules): Plan<PairEdit> {
  const before = yield* readPair(pair)
  yield* resum(pair, from)
  // The segment comes first: it deletes reads that are no longer needed, and the meeting may not use those.
  const segment = yield* newestSegment(pair, rules.opening)
  const meeting = yield* meetingOf(pair)
  if (meeting === undefined) return { pair, before, after: undefined }
  const last = yield* lastChange(pair)
  const lastBlock = last?.block ?? meeting.metBlock
  return {
    pair,
    before,
    after: { sum: last?.sum ?? 0n, ...segment, ...meeting, lastBlock, fungible: pair.fungible },
  }
}

function* resum(pair: PairKey, from: number): Plan<void> {
  let sum = yield* sumAt(pair, from - 1)
  let after: readonly number[] = [from - 1]
  for (;;) {
    const rows = yield* scan(changes, { where: keyOf(pair), order: CHAIN_ORDER, after, limit: ROWS_AT_ONCE })
    const changeset = new Changeset()
    for (const row of rows) {
      sum += row.delta
      if (sum !== row.sum) changeset.update(changes, row, { ...row, sum })
    }
    if (changeset.tables.length > 0) yield changeset
    const last = rows.at(-1)
    if (last === undefined || rows.length < ROWS_AT_ONCE) return
    after = [last.block, last.log, last.sub]
  }
}
