import { assert } from '../../core/assert.ts'
import { type BlockRef, sameBlock } from '../../core/block.ts'
import { chunksOf, find, lookup, type Plan, Scan, scan, together, write } from '../plan.ts'
import { supplyDelta } from '../supply.ts'
import { assets, blocks, changes, clock, hints, openings, transfers } from '../tables/facts.ts'
import { endings, reclassified, unreadable } from '../tables/marks.ts'
import { type AssetRow, assetsById, countClasses, isFungibleRow } from './assets.ts'
import { Counts } from './counts.ts'
import { DoubtMarks } from './doubts.ts'
import { addToFeed } from './feed.ts'
import { findFollowed, rollBackFollowed } from './followed-rows.ts'
import { rollBackHints } from './hints.ts'
import type { JournalRules } from './journal-rules.ts'
import { CHAIN_ORDER, lastChange } from './meetings.ts'
import { headerColumns, readClock } from './own-blocks.ts'
import {
  byAccount,
  keyOf,
  PAIRS_AT_ONCE,
  type PairEdit,
  type PairKey,
  pairName,
  readPair,
  writePairs,
} from './pairs.ts'
import { newestSegment } from './segments.ts'
import { storedSides } from './transfers.ts'

/** Transfers and blocks that are read at a time. */
const ROWS_AT_ONCE = 5_000

/** A pair that blocks above the ancestor changed. `isReopened`: it lost reads, so its segments are recomputed. */
type Changed = { readonly pair: PairKey; isReopened: boolean }

/** Moves the clock to the ancestor, and tells the feed; to before the first block if it is undefined. `removed`: transfers that were removed. */
export function* rewindClock(ancestor: BlockRef | undefined, removed: number, { from }: JournalRules): Plan<void> {
  const before = yield* readClock()
  const transfersLeft = before.transfers - removed
  const first = (ancestor?.number ?? from - 1) + 1
  if (before.number !== undefined && before.number >= first) {
    yield* addToFeed({ kind: 'rolled_back', first, last: before.number })
  }
  if (ancestor === undefined) {
    assert(before.finalizedNumber === undefined, 'a final block is never rolled back')
    const none = { number: undefined, hash: undefined, parent: undefined, timestamp: undefined }
    yield* write((changeset) => changeset.update(clock, before, { ...before, ...none, transfers: transfersLeft }))
    return
  }
  const row = yield* find(blocks, { number: ancestor.number })
  assert(row !== undefined, 'the ancestor of a rollback is stored')
  assert(sameBlock(row, ancestor), 'the ancestor of a rollback has the stored hash')
  const header = headerColumns({ ...ancestor, parentHash: row.parent ?? '', timestamp: row.timestamp })
  yield* write((changeset) => changeset.update(clock, before, { ...before, ...header, transfers: transfersLeft }))
}

/**
 * Removes the facts above a block, but not the clock. Returns the number of removed transfers. Cost: the changed rows, which
 * the block-ordered transfers identify.
 */
export function* rollBackRows(ancestor: number, rules: JournalRules): Plan<number> {
  const doubts = new DoubtMarks(rules)
  const counts = new Counts()
  const pairs = new Map<string, Changed>()
  const removed = yield* dropTransfers(ancestor, { rules, counts, pairs })
  yield* dropOpenings(ancestor, pairs)
  const sorted = [...pairs.values()].sort((a, b) => byAccount(a.pair, b.pair))
  for (const chunk of chunksOf(sorted, PAIRS_AT_ONCE)) {
    const edits = yield* together(chunk.map((one) => restored(one, ancestor, rules)))
    yield* writePairs(edits.filter((edit) => edit !== undefined))
  }
  yield* counts.apply()
  yield* dropBlocks(ancestor)
  yield* doubts.rolledBack(ancestor)
  const { unmet, isUnsure } = yield* rollBackMarks(ancestor)
  yield* rollBackHints(ancestor, unmet, rules)
  yield* rollBackFollowed(ancestor)
  const reopened = yield* reopenUnreadable(ancestor)
  if (reopened || isUnsure) yield* countClasses()
  yield* doubts.publish()
  return removed
}

type Collected = {
  readonly rules: JournalRules
  readonly counts: Counts
  readonly pairs: Map<string, Changed>
}

/** Deletes the transfers above the ancestor with their changes, and collects their pairs and counts. */
function* dropTransfers(ancestor: number, { rules, counts, pairs }: Collected): Plan<number> {
  const known = new Map<number, AssetRow>()
  let removed = 0
  for (;;) {
    // Deleted rows are not returned again.
    const rows = yield* scan(transfers, { order: CHAIN_ORDER, after: [ancestor], limit: ROWS_AT_ONCE })
    const unknown = rows.filter(({ asset }) => !known.has(asset)).map(({ asset }) => asset)
    for (const [id, row] of yield* assetsById(unknown)) known.set(id, row)
    yield* write((changeset) => {
      for (const row of rows) {
        changeset.delete(transfers, row)
        const { sender: from, receiver: to, amount, block, log, sub } = row
        const ofAsset = counts.asset(row.asset)
        ofAsset.transfers--
        ofAsset.supply -= supplyDelta({ from, to, amount })
        const asset = known.get(row.asset)
        if (asset === undefined) continue
        for (const { pair } of storedSides(row, isFungibleRow(asset), rules)) {
          pairs.set(pairName(pair), { pair, isReopened: false })
          changeset.delete(changes, { ...keyOf(pair), block, log, sub })
        }
      }
    })
    removed += rows.length
    if (rows.length < ROWS_AT_ONCE) return removed
  }
}

/** Deletes the reads above the ancestor. The openings of their pairs must be recomputed. */
function* dropOpenings(ancestor: number, pairs: Map<string, Changed>): Plan<void> {
  const rows = yield* scan(openings, { order: ['block'], after: [ancestor] })
  const known = yield* assetsById(rows.map(({ asset }) => asset))
  yield* write((changeset) => {
    for (const row of rows) {
      changeset.delete(openings, row)
      const { account, asset, item } = row
      const stored = known.get(asset)
      if (stored === undefined) continue
      const pair = { account, asset, item, fungible: isFungibleRow(stored) }
      pairs.set(pairName(pair), { pair, isReopened: true })
    }
  })
}

function* restored({ pair, isReopened }: Changed, ancestor: number, rules: JournalRules): Plan<PairEdit | undefined> {
  const before = yield* readPair(pair)
  if (before === undefined) {
    const followed = yield* findFollowed(rules.codec.decode(pair.account), rules)
    assert(followed?.isFollowed === false, 'every transfer and opening of a followed account has a balance row')
    return undefined
  }
  if (before.metBlock > ancestor) return { pair, before, after: undefined }
  const last = yield* lastChange(pair)
  const after = {
    ...before,
    sum: last?.sum ?? 0n,
    lastBlock: last?.block ?? before.metBlock,
    receivedBlock: upTo(before.receivedBlock, ancestor),
    closedBlock: upTo(before.closedBlock, ancestor),
  }
  if (!isReopened) return { pair, before, after }
  return { pair, before, after: { ...after, ...(yield* newestSegment(pair, rules.opening)) } }
}

function upTo(block: number | undefined, ancestor: number): number | undefined {
  return block === undefined || block > ancestor ? undefined : block
}

function* dropBlocks(ancestor: number): Plan<void> {
  for (;;) {
    const rows = yield* scan(blocks, { order: ['number'], after: [ancestor], limit: ROWS_AT_ONCE })
    yield* write((changeset) => {
      for (const row of rows) changeset.delete(blocks, row)
    })
    if (rows.length < ROWS_AT_ONCE) return
  }
}

/**
 * Takes back what marks say of blocks above the ancestor. Returns the assets with hints that are no longer met, and whether
 * an end of a contract is unsure now.
 */
function* rollBackMarks(ancestor: number): Plan<{ readonly unmet: readonly number[]; readonly isUnsure: boolean }> {
  const rows = yield* scan(assets, { order: ['firstBlock'], after: [ancestor] })
  const classes = yield* lookup(
    reclassified,
    rows.map(({ id }) => ({ asset: id })),
  )
  const ended = yield* scan(endings, { order: ['block'], after: [ancestor] })
  const hinted = rows.map(({ reference, standard }) => {
    return new Scan(hints, { where: { reference, standard }, order: ['account', 'item'], limit: 1 })
  })
  if (hinted.length > 0) yield hinted
  yield* write((changeset) => {
    for (const row of rows) changeset.update(assets, row, { ...row, firstBlock: undefined })
    // A class belongs to the contract's code, so it stays. It is checked again only if the contract itself may be gone.
    for (const row of classes) {
      if (row === undefined) continue
      changeset.update(reclassified, row, { ...row, codeAt: Math.min(row.codeAt ?? ancestor, ancestor) })
    }
    // A contract whose end was above the ancestor is answered by reads until the audit checks its code on the new
    // branch.
    for (const row of ended) {
      changeset.update(endings, row, { ...row, block: ancestor + 1, again: ancestor + 1, unsure: true })
    }
  })
  const unmet = rows.filter((_, index) => (hinted[index]?.rows.length ?? 0) > 0).map(({ id }) => id)
  return { unmet, isUnsure: ended.length > 0 }
}

/** Tokens that became readable above the ancestor are unreadable again. Returns true if there are any. */
function* reopenUnreadable(ancestor: number): Plan<boolean> {
  const rows = yield* scan(unreadable, { order: ['until'], after: [ancestor] })
  yield* write((changeset) => {
    for (const row of rows) changeset.update(unreadable, row, { ...row, until: undefined })
  })
  return rows.length > 0
}
