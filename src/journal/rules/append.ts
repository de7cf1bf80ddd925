import { assert } from '../../core/assert.ts'
import type { BalanceKey } from '../../core/balance.ts'
import { ServiceError } from '../../core/errors.ts'
import type { Batch } from '../../core/transfer.ts'
import { Changeset, find, lookup, type Plan, write } from '../plan.ts'
import { assets, blocks, clock, hints, transfers } from '../tables/facts.ts'
import { type AssetRow, assetsById, obtainAssets } from './assets.ts'
import { writeChanges } from './changes.ts'
import { Counts } from './counts.ts'
import { DoubtMarks } from './doubts.ts'
import { addToFeed } from './feed.ts'
import { appendedWhole } from './followed-rows.ts'
import { assetsOf, BatchNames, gatherChanges, type NamedAsset } from './gather.ts'
import { applyHints } from './hinted-pairs.ts'
import { noteHints } from './hints.ts'
import type { JournalRules } from './journal-rules.ts'
import { headerColumns, readClock, writtenOf } from './own-blocks.ts'

/** Transfers of one changeset. */
const TRANSFERS_AT_ONCE = 512
/** What the hints of a token have in common. */
const HINTS_OF = ['reference', 'standard'] as const

/**
 * Appends the rows of a batch: all but the clock. Returns its number of transfers.
 * @throws BLOCK_CONFLICT it does not link to the last written block
 */
export function* appendRows(batch: Batch, rules: JournalRules): Plan<number> {
  yield* mustFollow(batch, rules)
  const named = assetsOf(batch.blocks)
  const entries = [...named.values()]
  const rows = yield* obtainAssets(entries.map(({ asset }) => asset))
  const names = new BatchNames(rows, named.keys(), rules.codec.encode)
  gatherChanges(batch.blocks, names, rules.test.keeps)
  const counted = yield* meetAssets(entries, rows, rules)
  const appended = yield* insertBlocks(batch, names)
  const counts = new Counts()
  for (const [index, { transfers: count, supply }] of entries.entries()) {
    const row = counted[index]
    if (row === undefined) continue
    const ofAsset = counts.asset(row.id)
    ofAsset.transfers += count
    ofAsset.supply += supply
  }
  yield* writeChanges(names.accounts, { counts, assets: counted, opening: rules.opening })
  return appended
}

/** Moves the clock to the end of a batch whose rows were appended, and tells the feed. */
export function* advanceClock(batch: Batch, appended: number): Plan<void> {
  const before = yield* readClock()
  const after = { ...before, ...headerColumns(batch.through), transfers: before.transfers + appended }
  yield* write((changes) => changes.update(clock, before, after))
  yield* addToFeed({ kind: 'appended', first: batch.first, last: batch.through.number })
}

/**
 * Stores what an appended batch says beside its transfers: its hints, and that whole blocks were read. Returns the
 * balances of known tokens that the hints name. `at`: Unix seconds.
 */
export function* noteBatch(batch: Batch, at: number, rules: JournalRules): Plan<readonly BalanceKey[]> {
  if (batch.headers.length > 0 && rules.needsLeads()) yield* appendedWhole(batch.first, batch.through.number)
  const doubts = new DoubtMarks(rules)
  const hinted = yield* noteHints(batch.blocks, { rules, doubts, at })
  yield* doubts.publish()
  return hinted
}

function* mustFollow(batch: Batch, { from }: JournalRules): Plan<void> {
  const written = writtenOf(yield* readClock())
  const expected = written === undefined ? from : written.number + 1
  assert(batch.first === expected, `a batch from ${batch.first} does not follow block ${expected - 1}`)
  assert(batch.through.number >= batch.first, 'a batch covers at least one block')
  const parent = batch.headers[0]?.parentHash
  if (written !== undefined && parent !== undefined && parent !== written.hash) {
    const fields = { block: batch.first, parent, written: written.hash }
    throw new ServiceError('BLOCK_CONFLICT', `block ${batch.first} does not link to ours`, { fields })
  }
}

/**
 * Records the first blocks of assets that were never met, and applies the hints of earlier blocks about them, before the
 * changes of their transfers are written. Returns their rows.
 */
function* meetAssets(
  entries: readonly NamedAsset[],
  rows: readonly AssetRow[],
  rules: JournalRules,
): Plan<readonly AssetRow[]> {
  const unmet = rows.filter(({ firstBlock }) => firstBlock === undefined)
  if (unmet.length === 0) return rows
  yield* write((changes) => {
    for (const [index, row] of rows.entries()) {
      if (row.firstBlock === undefined) changes.update(assets, row, { ...row, firstBlock: entries[index]?.block })
    }
  })
  const doubts = new DoubtMarks(rules)
  // Few have hints: one look-up tells which.
  const hinted = yield* lookup(hints, unmet, HINTS_OF)
  for (const [index, { id }] of unmet.entries()) {
    if (hinted[index] !== undefined) yield* applyHints(id, rules, doubts)
  }
  yield* doubts.publish()
  const met = yield* assetsById(unmet.map(({ id }) => id))
  return rows.map((row) => met.get(row.id) ?? row)
}

/** Writes a batch's blocks and transfers. Returns the number of transfers. */
function* insertBlocks(batch: Batch, names: BatchNames): Plan<number> {
  const kept = new Set(batch.blocks.filter((block) => block.transfers.length > 0).map((block) => block.number))
  const inserted = new Set(batch.headers.map((header) => header.number))
  let changes = new Changeset()
  if (batch.headers.length === 0) yield* forgetUnkept(batch.first - 1)
  for (const header of batch.headers) {
    changes.insert(blocks, { ...headerColumns(header), kept: kept.has(header.number) })
  }
  let [appended, pending] = [0, 0]
  for (const block of batch.blocks) {
    const { number, hash, timestamp } = block
    assert(number >= batch.first && number <= batch.through.number, 'a block lies in its batch')
    if (block.transfers.length === 0) continue
    if (!inserted.has(number)) changes.insert(blocks, { number, hash, parent: undefined, timestamp, kept: true })
    inserted.add(number)
    for (const { event, part, asset, from, to, item, amount, transactionHash } of block.transfers) {
      changes.insert(transfers, {
        block: number,
        log: event,
        sub: part,
        asset: names.asset(asset).id,
        sender: from === undefined ? undefined : names.account(from).bytes,
        receiver: to === undefined ? undefined : names.account(to).bytes,
        item,
        amount,
        hash: transactionHash,
      })
    }
    appended += block.transfers.length
    pending += block.transfers.length
    if (pending < TRANSFERS_AT_ONCE) continue
    yield changes
    ;[changes, pending] = [new Changeset(), 0]
  }
  if (!inserted.has(batch.through.number)) {
    changes.insert(blocks, { ...headerColumns(batch.through), kept: false })
  }
  if (changes.tables.length > 0) yield changes
  return appended
}

/** Deletes the block that was the last one of the batch before and has no transfers: no later block links to it. */
function* forgetUnkept(number: number): Plan<void> {
  const block = yield* find(blocks, { number })
  if (block?.kept === false) yield* write((changes) => changes.delete(blocks, block))
}
