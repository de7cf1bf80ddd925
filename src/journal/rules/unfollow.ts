import { find, lookup, type Plan, scan, write } from '../plan.ts'
import { balances, blocks, changes, hints, openings, transfers } from '../tables/facts.ts'
import { refutedPairs } from '../tables/marks.ts'
import { assetsById, findAssets, isFungibleRow, refOf } from './assets.ts'
import { Counts } from './counts.ts'
import { ALWAYS, DoubtMarks } from './doubts.ts'
import { addToFeed } from './feed.ts'
import { dropFollowed, findFollowed, putFollowed } from './followed-rows.ts'
import { remeetHinted } from './hinted-pairs.ts'
import type { JournalRules } from './journal-rules.ts'
import { CHAIN_ORDER } from './meetings.ts'
import { readClock } from './own-blocks.ts'
import { keyOf, type PairKey, readPair, writePairs } from './pairs.ts'
import { countRepaired } from './repair.ts'
import { remeet, TransferEdits, type TransferRow, unkeepBlock } from './transfers.ts'

/** Balance changes that one call deletes: some 100 ms of the writer's time. */
const MAX_DELETED = 20_000
/** Pairs, and changes of a pair, that are read at a time. */
const PAIRS_AT_ONCE = 500
const CHANGES_AT_ONCE = 5_000

type Work = {
  readonly rules: JournalRules
  readonly doubts: DoubtMarks
  readonly edits: TransferEdits
  left: number
  transfers: number
  readonly blocks: Set<number>
}

/**
 * Marks an account that is no longer followed, and deletes some of its rows, and the transfers that no other account keeps.
 * `named`: how many blocks below the finalized head keep their hashes. Returns true once all rows are gone.
 */
export function* unfollow(account: string, named: number, rules: JournalRules): Plan<boolean> {
  const known = yield* findFollowed(account, rules)
  if (known === undefined) return true
  if (!known.isLeaving) yield* putFollowed({ ...known, isFollowed: false, isLeaving: true, through: undefined }, rules)
  const [doubts, edits] = [new DoubtMarks(rules), new TransferEdits(rules, new Counts())]
  const work: Work = { rules, doubts, edits, left: MAX_DELETED, transfers: 0, blocks: new Set() }
  const stored = rules.codec.encode(account)
  while (work.left > 0) {
    const rows = yield* scan(balances, { where: { account: stored }, order: ['asset', 'item'], limit: PAIRS_AT_ONCE })
    for (const { asset, item, fungible } of rows) {
      if (work.left > 0) yield* removePair({ account: stored, asset, item, fungible }, work)
    }
    if (rows.length < PAIRS_AT_ONCE && work.left > 0) break
  }
  yield* settle(work, named)
  const isDone = work.left > 0
  if (isDone) {
    yield* dropRest(stored, work)
    yield* dropFollowed(account, rules)
  }
  yield* countRepaired(-work.transfers)
  yield* doubts.publish()
  const last = (yield* readClock()).number ?? rules.from
  yield* addToFeed({ kind: 'adopted', first: rules.from, last })
  return isDone
}

function* removePair(pair: PairKey, work: Work): Plan<void> {
  const where = keyOf(pair)
  for (let isEnd = false; !isEnd; ) {
    const limit = Math.min(work.left, CHANGES_AT_ONCE)
    const rows = yield* scan(changes, { where, order: CHAIN_ORDER, limit })
    isEnd = rows.length < limit
    work.left -= rows.length
    if (pair.item === '') yield* removeTransfers(pair, rows, work)
    yield* write((changeset) => {
      for (const row of rows) changeset.delete(changes, row)
    })
    if (work.left <= 0) return
  }
  work.left--
  yield* writePairs([{ pair, before: yield* readPair(pair), after: undefined }])
  const reads = yield* scan(openings, { where, order: ['block'] })
  yield* write((changeset) => {
    for (const read of reads) changeset.delete(openings, read)
  })
  yield* work.doubts.resolvePair(pair, ALWAYS)
}

/** Deletes the transfers of changes of the account, unless another side's changes are stored. */
function* removeTransfers(
  { account }: PairKey,
  positions: readonly { readonly block: number; readonly log: number; readonly sub: number }[],
  work: Work,
): Plan<void> {
  const keys = positions.map(({ block, log, sub }) => ({ block, log, sub }))
  const rows = (yield* lookup(transfers, keys)).filter((row) => row !== undefined)
  const sided = rows.filter(({ sender, receiver }) => sender?.equals(account) === true || receiver?.equals(account))
  const shared = yield* sharedWith(account, sided)
  const own = sided.filter((row) => !shared.has(row))
  yield* work.edits.drop(own)
  work.transfers += own.length
  for (const { block } of own) work.blocks.add(block)
}

/**
 * The transfers of an account that have stored changes of their other side too. Whether that side is followed does not tell:
 * as long as its history is being fetched, it has the changes of some blocks only.
 */
function* sharedWith(account: Buffer, rows: readonly TransferRow[]): Plan<ReadonlySet<TransferRow>> {
  const others = rows.flatMap((row) => {
    const side = [row.sender, row.receiver].find((one) => one !== undefined && !one.equals(account))
    return side === undefined ? [] : [{ row, side }]
  })
  const keys = others.map(({ row: { asset, block, log, sub }, side }) => {
    return { account: side, asset, item: '', block, log, sub }
  })
  const stored = yield* lookup(changes, keys)
  return new Set(others.filter((_, index) => stored[index] !== undefined).map(({ row }) => row))
}

/** Marks blocks without transfers, and recomputes the pairs that were met by hints of tokens that are no longer known. */
function* settle(work: Work, named: number): Plan<void> {
  const { finalizedNumber = 0 } = yield* readClock()
  for (const block of work.blocks) {
    const left = yield* scan(transfers, { where: { block }, order: ['log', 'sub'], limit: 1 })
    if (left.length > 0) continue
    yield* unkeepBlock(block)
    if (block >= finalizedNumber - named) continue
    const row = yield* find(blocks, { number: block })
    if (row?.kept === false) yield* write((changeset) => changeset.delete(blocks, row))
  }
  const { unmet } = yield* work.edits.settleAssets()
  for (const asset of unmet) yield* remeetHinted(asset, work.rules)
}

/** Deletes what concerns the account and no stored pair. */
function* dropRest(account: Buffer, { rules, doubts }: Work): Plan<void> {
  const refuted = yield* scan(refutedPairs, { where: { account }, order: ['asset', 'item'] })
  const known = yield* assetsById(refuted.map(({ asset }) => asset))
  for (const { asset, item } of refuted) {
    const row = known.get(asset)
    if (row === undefined) continue
    yield* doubts.resolvePair({ account, asset, item, fungible: isFungibleRow(row) }, ALWAYS)
  }
  const hinted = yield* scan(hints, { where: { account }, order: ['reference', 'standard', 'item'] })
  yield* write((changeset) => {
    for (const hint of hinted) changeset.delete(hints, hint)
  })
  const refs = new Map(hinted.map((hint) => [`${hint.standard}:${hint.reference}`, refOf(hint)]))
  const rows = (yield* findAssets([...refs.values()])).filter((row) => row !== undefined)
  yield* remeet(new Set(rows.map(({ id }) => id)))
  for (const row of (yield* assetsById(rows.map(({ id }) => id))).values()) {
    if (row.firstBlock === undefined) yield* remeetHinted(row.id, rules)
  }
}
