import type { BlockRef } from '../../core/block.ts'
import type { BlockTransfers } from '../../core/transfer.ts'
import type { Repaired, RepairMode } from '../audit-outcomes.ts'
import { lookup, type Plan, write } from '../plan.ts'
import { clock } from '../tables/facts.ts'
import { repaired } from '../tables/marks.ts'
import { classesOf } from './assets.ts'
import { Counts } from './counts.ts'
import { DoubtMarks } from './doubts.ts'
import { addReclassified, addToFeed } from './feed.ts'
import { remeetHinted } from './hinted-pairs.ts'
import { dropUngiven, noteHints } from './hints.ts'
import { rewritePairs } from './history.ts'
import type { JournalRules } from './journal-rules.ts'
import { mayHold, readClock } from './own-blocks.ts'
import {
  hasChanges,
  keepBlock,
  logPosition,
  remeet,
  TransferEdits,
  type TransferRow,
  transferRows,
  transfersAt,
  unkeepBlock,
  without,
} from './transfers.ts'

/**
 * How the transfers of blocks are replaced. `accounts`: the given transfers are only those of these accounts, which are
 * encoded, in hex. `at`: Unix seconds. `isLoading`: a bulk load is under way, whose log has the blocks as they were.
 */
export type RepairHow = {
  readonly mode?: RepairMode | undefined
  readonly accounts?: ReadonlySet<string> | undefined
  readonly at: number
  readonly isLoading: boolean
}

/**
 * Replaces the transfers of distinct blocks, as far as they are ours, and recomputes everything that follows from them: running sums, amounts,
 * lists, holders, counts, supply. Tokens whose transfers changed are in doubt from then on. Cost: the changes of the
 * affected pairs from those blocks on.
 */
export function* repair(given: readonly BlockTransfers[], how: RepairHow, rules: JournalRules): Plan<Repaired> {
  const { mode, at } = how
  const blocks = yield* mayHold(given, rules)
  const doubts = new DoubtMarks(rules)
  const edits = new TransferEdits(rules, new Counts())
  const [wanted, stored] = [yield* transferRows(blocks, rules), yield* transfersAt(blocks.map(({ number }) => number))]
  const changed: BlockRef[] = []
  let [inserted, removed] = [0, 0]
  for (const [index, block] of blocks.entries()) {
    const rows = { wanted: wanted[index] ?? [], stored: stored[index] ?? [] }
    const { missing, surplus } = yield* replaceBlock(block, rows, { how, rules, doubts, edits })
    if (missing.length + surplus.length > 0) changed.push({ number: block.number, hash: block.hash })
    inserted += missing.length
    removed += surplus.length
  }
  const { met, unmet } = yield* edits.settleAssets()
  yield* noteHints(blocks, { rules, doubts, at })
  yield* rewritePairs(edits.touched.all(), rules)
  // Hints count only while transfers show that the contract is a token, so recompute their pairs if that changed.
  for (const asset of [...met, ...unmet]) yield* remeetHinted(asset, rules)
  if (mode === 'redecoded') {
    yield* dropUngiven(blocks, { rules, doubts, at }, remeet)
    doubts.redecoded()
  }
  if (inserted + removed > 0) yield* countRepaired(inserted - removed)
  if (how.isLoading) yield* noteRepaired(changed)
  const isInDoubt = yield* doubts.publish()
  if (changed.length > 0) {
    const numbers = changed.map(({ number }) => number)
    const [first, last] = [numbers.reduce((a, b) => Math.min(a, b)), numbers.reduce((a, b) => Math.max(a, b))]
    yield* addToFeed({ kind: 'repaired', first, last })
  } else if (isInDoubt) yield* addReclassified(rules)
  const accounts = edits.touched.accounts().map((account) => rules.codec.decode(account))
  return { compared: blocks.length, inserted, removed, changed, accounts }
}

type Edited = {
  readonly how: RepairHow
  readonly rules: JournalRules
  readonly doubts: DoubtMarks
  readonly edits: TransferEdits
}

function* replaceBlock(
  block: BlockTransfers,
  rows: { readonly wanted: readonly TransferRow[]; readonly stored: readonly TransferRow[] },
  { how, rules, doubts, edits }: Edited,
): Plan<{ readonly missing: readonly TransferRow[]; readonly surplus: readonly TransferRow[] }> {
  const { stored } = rows
  // An account may be no longer followed since the blocks were fetched.
  const given = how.accounts === undefined ? rows.wanted : rows.wanted.filter((row) => hasChanges(row, rules))
  const wanted = how.mode === 'lacking' ? yield* lackingRows(given, stored, rules) : given
  const missing = without(wanted, stored)
  const positions = new Set(missing.map(logPosition))
  // If the given logs may be incomplete, remove a stored transfer only if another one has its position.
  const surplus = without(stored, wanted).filter(
    (row) => positions.has(logPosition(row)) || (how.mode === undefined && isGiven(row, how)),
  )
  yield* edits.remove(surplus)
  if (missing.length > 0) {
    yield* keepBlock(block)
    yield* edits.insert(missing)
  }
  yield* doubts.lack(yield* lackingAssets(surplus, missing, rules), block)
  const isEmpty = wanted.length === 0 && surplus.length > 0 && surplus.length === stored.length
  if (isEmpty) yield* unkeepBlock(block.number)
  return { missing, surplus }
}

/** The rows of which fewer are stored, whatever the positions of their logs are, and however the logs are read. */
function* lackingRows(
  given: readonly TransferRow[],
  stored: readonly TransferRow[],
  rules: JournalRules,
): Plan<readonly TransferRow[]> {
  if (given.length === 0) return []
  const classes = yield* classesOf(
    [...given, ...stored].map(({ asset }) => asset),
    rules,
  )
  const nameOf = ({ asset, hash, sender, receiver }: TransferRow): string =>
    `${classes.get(asset)?.row.reference}/${hash}/${sender?.toString('hex')}/${receiver?.toString('hex')}`
  const [taken, told] = [stored, given].map((rows) => new Set(rows.map(logPosition)))
  const moved = new Map<string, number>()
  for (const row of stored) {
    if (!told?.has(logPosition(row))) moved.set(nameOf(row), (moved.get(nameOf(row)) ?? 0) + 1)
  }
  return given.filter((row) => {
    if (taken?.has(logPosition(row))) return false
    const left = moved.get(nameOf(row)) ?? 0
    moved.set(nameOf(row), left - 1)
    return left <= 0
  })
}

/** True for stored transfers that the given ones would include. */
function isGiven({ sender, receiver }: TransferRow, { accounts }: RepairHow): boolean {
  if (accounts === undefined) return true
  return [sender, receiver].some((side) => side !== undefined && accounts.has(side.toString('hex')))
}

/**
 * The assets of which logs were missing or wrong. Not those of one contract that is known by reads, as the replaced
 * transfer and as the new one: its log is only read in another way.
 */
function* lackingAssets(
  removed: readonly TransferRow[],
  added: readonly TransferRow[],
  rules: JournalRules,
): Plan<ReadonlySet<number>> {
  const rows = [...removed, ...added]
  if (rows.length === 0) return new Set()
  const before = new Map(removed.map((row) => [logPosition(row), row.asset]))
  const classes = yield* classesOf(
    rows.map(({ asset }) => asset),
    rules,
  )
  const reread = new Set<string>()
  for (const row of added) {
    const [old, now] = [classes.get(before.get(logPosition(row)) ?? row.asset), classes.get(row.asset)]
    if (old === undefined || now === undefined || old === now) continue
    const areRead = old.accounting === 'reads' && now.accounting === 'reads'
    if (areRead && old.row.reference === now.row.reference) reread.add(logPosition(row))
  }
  return new Set(rows.flatMap((row) => (reread.has(logPosition(row)) ? [] : [row.asset])))
}

/**
 * Adds to the number of transfers after past blocks were edited. The column `classes` counts every change to answers about
 * committed blocks, not only changes of classes.
 */
export function* countRepaired(added: number): Plan<void> {
  const before = yield* readClock()
  const after = { ...before, transfers: before.transfers + added, classes: before.classes + 1 }
  yield* write((changes) => changes.update(clock, before, after))
}

function* noteRepaired(changed: readonly BlockRef[]): Plan<void> {
  const keys = changed.map(({ number }) => ({ block: number }))
  const known = yield* lookup(repaired, keys)
  yield* write((changes) => {
    for (const [index, key] of keys.entries()) if (known[index] === undefined) changes.insert(repaired, key)
  })
}
