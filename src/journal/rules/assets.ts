import { assert } from '../../core/assert.ts'
import { type Accounting, type AssetRef, assetKey } from '../../core/asset.ts'
import { isFungible, STANDARDS, type Standard } from '../../core/standards.ts'
import { mustBeOurs } from '../damaged-value.ts'
import { find, lookup, type Plan, scan, write } from '../plan.ts'
import { assets, clock, ONE } from '../tables/facts.ts'
import { endings, reclassified } from '../tables/marks.ts'
import type { Row } from '../tables/table.ts'
import type { JournalRules } from './journal-rules.ts'

/** A stored asset. */
export type AssetRow = Row<typeof assets>

const BY_REFERENCE = ['reference', 'standard'] as const

/** Parses a stored standard. */
export function parseStandard(value: unknown): Standard {
  const standard = STANDARDS.find((known) => known === value)
  mustBeOurs(standard !== undefined, `stored standard is unknown: ${String(value)}`)
  return standard
}

/** The asset of a row. */
export function refOf({ standard, reference }: Pick<AssetRow, 'standard' | 'reference'>): AssetRef {
  return { standard: parseStandard(standard), reference }
}

/** True if the asset of a row has units, not items. */
export function isFungibleRow({ standard }: Pick<AssetRow, 'standard'>): boolean {
  return isFungible(parseStandard(standard))
}

/** The rows of assets, in the order given; undefined if an asset was never named. */
export function findAssets(refs: readonly AssetRef[]): Plan<readonly (AssetRow | undefined)[]> {
  return lookup(assets, refs, BY_REFERENCE)
}

/** The row of an asset; undefined if it was never named. */
export function* findAsset(ref: AssetRef): Plan<AssetRow | undefined> {
  return (yield* findAssets([ref]))[0]
}

/** The rows of distinct assets, in the order given. Gives those that were never named their ids. */
export function* obtainAssets(refs: readonly AssetRef[]): Plan<readonly AssetRow[]> {
  const rows = yield* findAssets(refs)
  if (rows.every((row) => row !== undefined)) return rows
  const [last] = yield* scan(assets, { order: ['id'], descending: true, limit: 1 })
  let id = last?.id ?? 0
  const all = rows.map((row, index): AssetRow => {
    const ref = refs[index]
    assert(ref !== undefined, 'a lookup answers each key')
    return row ?? newAsset(++id, ref)
  })
  yield* write((changes) => {
    for (const [index, row] of all.entries()) if (rows[index] === undefined) changes.insert(assets, row)
  })
  return all
}

/** The row of an asset. Gives it an id if it was never named. */
export function* obtainAsset(ref: AssetRef): Plan<AssetRow> {
  const [row] = yield* obtainAssets([ref])
  assert(row !== undefined, 'an asset that is obtained is there')
  return row
}

/** A row of an asset without any transfer. */
export function newAsset(id: number, { standard, reference }: AssetRef): AssetRow {
  return { id, standard, reference, firstBlock: undefined, transfers: 0, holders: 0, supply: 0n }
}

/** The rows of stored assets, by id. */
export function* assetsById(ids: Iterable<number>): Plan<ReadonlyMap<number, AssetRow>> {
  const keys = [...new Set(ids)].map((id) => ({ id }))
  const rows = yield* lookup(assets, keys)
  return new Map(
    rows.map((row) => {
      assert(row !== undefined, 'an asset that rows name is stored')
      return [row.id, row]
    }),
  )
}

/** How the balances of assets are known, by id. `isFixed`: the configuration says so. */
export type AssetClass = { readonly row: AssetRow; readonly accounting: Accounting; readonly isFixed: boolean }

/** The classes of stored assets, by id. */
export function* classesOf(ids: Iterable<number>, rules: JournalRules): Plan<ReadonlyMap<number, AssetClass>> {
  const rows = yield* assetsById(ids)
  const keys = [...rows.keys()].map((asset) => ({ asset }))
  const [turned, ended] = [yield* lookup(reclassified, keys), yield* lookup(endings, keys)]
  return new Map(
    [...rows.values()].map((row, index) => {
      const fixed = rules.fixed.get(assetKey(refOf(row)))
      const marks = { isReclassified: turned[index] !== undefined, hasEnded: ended[index] !== undefined }
      return [row.id, { row, accounting: accountingOf(fixed, marks), isFixed: fixed !== undefined }]
    }),
  )
}

/**
 * How the balances of an asset are known: by reads if its contract was destroyed, else as the configuration fixes it, else
 * by reads if it was reclassified.
 */
export function accountingOf(
  fixed: Accounting | undefined,
  { isReclassified, hasEnded }: { readonly isReclassified: boolean; readonly hasEnded: boolean },
): Accounting {
  if (hasEnded) return 'reads'
  return fixed ?? (isReclassified ? 'reads' : 'events')
}

/** The class of one stored asset. */
export function* classOf(id: number, rules: JournalRules): Plan<AssetClass> {
  const found = (yield* classesOf([id], rules)).get(id)
  assert(found !== undefined, 'an asset that rows name is stored')
  return found
}

/** Counts a change to answers about committed blocks, so that readers forget what they cached. */
export function* countClasses(): Plan<void> {
  const before = yield* find(clock, ONE)
  assert(before !== undefined, 'the clock row exists once the chain was claimed')
  yield* write((changes) => changes.update(clock, before, { ...before, classes: before.classes + 1 }))
}
