import { type AssetRef, assetKey, NO_ITEM } from '../../core/asset.ts'
import { type BalanceKey, balanceName } from '../../core/balance.ts'
import type { BlockTransfers, Hint } from '../../core/transfer.ts'
import { chunksOf, count, lookup, type Plan, scan, write } from '../plan.ts'
import { assets, hints } from '../tables/facts.ts'
import { type AssetRow, assetsById, findAssets, obtainAsset } from './assets.ts'
import type { DoubtMarks } from './doubts.ts'
import { applyHints, type HintRow, hintedPair, meet, meetAgain, pairsOf, remeetHinted } from './hinted-pairs.ts'
import type { JournalRules } from './journal-rules.ts'
import type { PairKey } from './pairs.ts'
import { markReclassified } from './reclassify.ts'

/**
 * Accounts that are stored for a contract before a transfer shows that it is a token. Wrapped coins are deposited
 * before they are first transferred, but most contracts with such events are not tokens.
 */
const MAX_OF_UNKNOWN = 1_000

/** Hints that are read and written at a time. */
const HINTS_AT_ONCE = 256

/** A block as far as its hints are concerned. */
export type HintedBlock = Pick<BlockTransfers, 'number' | 'hash' | 'hints'>

/** What the rules of hints need. `at`: Unix seconds. */
export type HintContext = { readonly rules: JournalRules; readonly doubts: DoubtMarks; readonly at: number }

/** A pair that hints of blocks name: the first of those blocks, the first with a hint that can't be decoded. */
type Noted = { readonly key: BalanceKey; block: number; undecodable: number | undefined; moved: boolean }

/**
 * Stores which accounts events hint at: each pair with the first block that hints at it, even if its contract is not
 * known to be a token yet. Once it is, the account has met the token at that block. Runs after the transfers of the same
 * blocks were written. Returns the pairs of known tokens that the hints name, each once.
 */
export function* noteHints(blocks: readonly HintedBlock[], context: HintContext): Plan<readonly BalanceKey[]> {
  for (const block of blocks) {
    for (const hint of block.hints ?? []) if (hint.reason === 'undecodable') yield* classify(hint, block, context)
  }
  const noted = gather(blocks, context.rules)
  if (noted.length === 0) return []
  const known = yield* assetsOf(noted)
  const room = new Map<string, number>()
  const met: { readonly pair: PairKey; readonly block: number }[] = []
  const named: BalanceKey[] = []
  const moved: PairKey[] = []
  for (const chunk of chunksOf(noted, HINTS_AT_ONCE)) {
    const rows = chunk.map((one) => hintRow(one, context.rules))
    for (const { key } of chunk) yield* countRoom(key.asset, { known, room })
    const stored = yield* lookup(hints, rows)
    yield* write((changes) => {
      for (const [index, one] of chunk.entries()) {
        const [row, before] = [rows[index], stored[index]]
        const name = assetKey(one.key.asset)
        const asset = known.get(name)
        const isMet = asset?.firstBlock !== undefined
        if (row === undefined || (before === undefined && !isMet && !takeRoom(room, name))) continue
        const after = merged(before, row)
        if (before === undefined || before.block !== after.block || before.undecodable !== after.undecodable) {
          changes.put(hints, before, after)
        }
        if (asset === undefined || !isMet) continue
        const pair = hintedPair(asset, row)
        named.push(one.key)
        if (one.moved) moved.push(pair)
        if (before === undefined || before.block > row.block) met.push({ pair, block: row.block })
      }
    })
  }
  yield* meet(met, context.rules)
  yield* context.doubts.unprove(moved)
  return named
}

/**
 * Deletes the hints of blocks that were decoded again and no longer give them. Runs after the transfers of the same
 * blocks were replaced. `remeet`: recomputes the first blocks of tokens.
 */
export function* dropUngiven(
  blocks: readonly HintedBlock[],
  { rules }: HintContext,
  remeet: (ids: ReadonlySet<number>) => Plan<void>,
): Plan<void> {
  const lost: PairKey[] = []
  for (const { number, hints: given = [] } of blocks) {
    const names = new Set(given.flatMap((hint) => itemsOf(hint).map((item) => nameOf(rowOf(hint, item, rules)))))
    const rows = yield* scan(hints, { where: { block: number, undecodable: number }, order: ['account', 'item'] })
    for (const row of rows.filter((one) => !names.has(nameOf(one)))) {
      yield* write((changes) => changes.delete(hints, row))
      const { reference, standard } = row
      const [asset] = yield* lookup(assets, [{ reference, standard }], ['reference', 'standard'])
      if (asset !== undefined) lost.push(hintedPair(asset, row))
    }
  }
  if (lost.length === 0) return
  const ids = new Set(lost.map((pair) => pair.asset))
  yield* remeet(ids)
  // If nothing shows the contract to be a token any more, none of its hints counts.
  for (const row of (yield* assetsById(ids)).values()) {
    if (row.firstBlock === undefined) yield* remeetHinted(row.id, rules)
  }
  yield* meetAgain(lost, rules)
}

/**
 * Deletes the hints above a block. Runs after the other rows of those blocks were deleted. `unmet`: assets that are
 * no longer met.
 */
export function* rollBackHints(ancestor: number, unmet: readonly number[], rules: JournalRules): Plan<void> {
  const above = yield* scan(hints, { order: ['block'], after: [ancestor] })
  const undecodable = yield* scan(hints, { order: ['undecodable'], after: [ancestor] })
  const rows = yield* lookup(assets, above, ['reference', 'standard'])
  const lost = above.flatMap((hint, index) => {
    const asset = rows[index]
    return asset === undefined ? [] : [hintedPair(asset, hint)]
  })
  yield* write((changes) => {
    for (const hint of above) changes.delete(hints, hint)
    for (const hint of undecodable) {
      if (hint.block <= ancestor) changes.update(hints, hint, { ...hint, undecodable: undefined })
    }
  })
  for (const asset of unmet) lost.push(...(yield* pairsOf(asset)))
  yield* meetAgain(lost, rules)
}

/**
 * Reclassifies a token whose event cannot be decoded: its balances must be read. The event also shows that the
 * contract is a token.
 */
function* classify({ asset, account }: Hint, { number, hash }: HintedBlock, context: HintContext): Plan<void> {
  const { rules, doubts, at } = context
  const before = yield* obtainAsset(asset)
  const isNew = before.firstBlock === undefined || before.firstBlock > number
  if (isNew) yield* write((changes) => changes.update(assets, before, { ...before, firstBlock: number }))
  const whose = rules.stores(account) ? account : undefined
  const evidence = { account: whose, item: NO_ITEM, journal: undefined, chain: undefined }
  yield* markReclassified({ asset, block: { number, hash }, reason: 'undecodable', evidence }, at, context)
  // The contract exists, so a class that a rollback made uncertain is certain again.
  yield* doubts.resolveClass(before.id, true)
  if (isNew) yield* applyHints(before.id, rules, doubts)
}

/** The pairs that hints of stored accounts name, in their order, each once. */
function gather(blocks: readonly HintedBlock[], { stores }: JournalRules): readonly Noted[] {
  const noted = new Map<string, Noted>()
  for (const { number, hints: given = [] } of blocks) {
    for (const hint of given) {
      if (!stores(hint.account)) continue
      for (const item of itemsOf(hint)) {
        const key = { account: hint.account, asset: hint.asset, item }
        const name = balanceName(key)
        const undecodable = hint.reason === 'undecodable' ? number : undefined
        const one = noted.get(name) ?? { key, block: number, undecodable, moved: false }
        one.block = Math.min(one.block, number)
        one.undecodable = least(one.undecodable, undecodable)
        one.moved ||= hint.reason === 'moved'
        noted.set(name, one)
      }
    }
  }
  return [...noted.values()]
}

function* assetsOf(noted: readonly Noted[]): Plan<ReadonlyMap<string, AssetRow>> {
  const refs = [...new Map(noted.map(({ key: { asset } }) => [assetKey(asset), asset])).values()]
  const rows = yield* findAssets(refs)
  const known = refs.map((ref, index) => [assetKey(ref), rows[index]] as const)
  return new Map(known.flatMap(([name, row]) => (row === undefined ? [] : [[name, row]])))
}

type Rooms = { readonly known: ReadonlyMap<string, AssetRow>; readonly room: Map<string, number> }

/** Counts how many accounts can still be stored for a contract that is not known to be a token. */
function* countRoom(asset: AssetRef, { known, room }: Rooms): Plan<void> {
  const name = assetKey(asset)
  if (room.has(name) || known.get(name)?.firstBlock !== undefined) return
  const { reference, standard } = asset
  room.set(name, MAX_OF_UNKNOWN - (yield* count(hints, { reference, standard }, MAX_OF_UNKNOWN)))
}

function takeRoom(room: Map<string, number>, name: string): boolean {
  const left = room.get(name) ?? 0
  if (left <= 0) return false
  room.set(name, left - 1)
  return true
}

function merged(before: HintRow | undefined, row: HintRow): HintRow {
  if (before === undefined) return row
  const undecodable = least(before.undecodable, row.undecodable)
  return { ...before, block: Math.min(before.block, row.block), undecodable }
}

function least(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b)
}

function hintRow({ key: { account, asset, item }, block, undecodable }: Noted, { codec }: JournalRules): HintRow {
  const { reference, standard } = asset
  return { reference, standard, account: codec.encode(account), item, block, undecodable }
}

/** The items that a hint concerns: with an item, also the contract's roll-up. */
function itemsOf({ item = NO_ITEM }: Hint): readonly string[] {
  return item === NO_ITEM ? [NO_ITEM] : [NO_ITEM, item]
}

function rowOf({ account, asset }: Hint, item: string, { codec }: JournalRules): Parameters<typeof nameOf>[0] {
  return { ...asset, account: codec.encode(account), item }
}

function nameOf({ reference, standard, account, item }: Omit<HintRow, 'block' | 'undecodable'>): string {
  return `${reference}/${standard}/${account.toString('hex')}/${item}`
}
