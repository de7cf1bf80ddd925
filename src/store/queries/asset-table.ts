import { assert } from '../../core/assert.ts'
import { type Accounting, type AssetRef, assetKey } from '../../core/asset.ts'
import { isFungible, STANDARDS } from '../../core/standards.ts'
import { accountingOf, parseStandard } from '../../journal/rules/assets.ts'
import { int, nullable, type Row, text } from '../rows/columns.ts'
import type { StoredAsset } from '../seam/store.ts'
import { type Query, rowOf, rowsOf } from './query.ts'

/**
 * Assets that are cached. Beyond that, the cache is cleared. Takes about 30 MB for contracts, or 80 MB for a ledger
 * whose ids all have the maximum length.
 */
const MAX_CACHED = 100_000

/** The columns that `readAsset` takes, in its order, and the joined tables. */
export const ASSET_COLUMNS =
  'a.id, a.standard, a.reference, a.first_block, t.block, s.since, r.asset, e.block, e.again FROM assets a ' +
  'LEFT JOIN turns t ON t.asset = a.id LEFT JOIN silences s ON s.asset = a.id AND s.until IS NULL ' +
  'LEFT JOIN refuted_assets r ON r.asset = a.id LEFT JOIN endings e ON e.asset = a.id'

/**
 * The asset of a row that begins with ASSET_COLUMNS. Its accounting is `reads` if it was reclassified, is fixed so, or
 * was destroyed.
 */
export function readAsset(row: Row, classes: FixedClasses): StoredAsset {
  const asset = { standard: parseStandard(row[1]), reference: text(row[2]) }
  const fixed = classes.get(assetKey(asset))
  const ended = nullable(row[7], int)
  const isReclassified = row[4] !== null
  const unlessEnded = accountingOf(fixed, { isReclassified, hasEnded: false })
  return {
    id: int(row[0]),
    asset,
    accounting: accountingOf(fixed, { isReclassified, hasEnded: ended !== undefined }),
    eventsUntil: unlessEnded === 'events' ? ended : undefined,
    endedAt: ended === undefined ? undefined : { block: ended, again: nullable(row[8], int) },
    isGone: ended !== undefined && row[8] === null,
    fixed: fixed !== undefined,
    firstBlock: nullable(row[3], int),
    unreadable: row[5] !== null,
    inDoubt: row[6] !== null,
  }
}

/** Classes that the configuration fixes, by `assetKey`. */
export type FixedClasses = ReadonlyMap<string, Accounting>

const BY_ID = rowOf(`SELECT ${ASSET_COLUMNS} WHERE a.id = ?`)
const BY_KEY = rowOf(`SELECT ${ASSET_COLUMNS} WHERE a.reference = ? AND a.standard = ?`)
const IDS = rowsOf('SELECT id FROM assets WHERE reference = ?')

/**
 * The assets of one chain by id and by reference. Ids never change. Classes do: a reader that sees the clock's count of class
 * changes move must call `forget`.
 */
export class AssetTable {
  readonly #byId = new Map<number, StoredAsset>()
  /** By reference, which needs no text to be made for a look-up. One contract may be several assets. */
  readonly #byReference = new Map<string, readonly StoredAsset[]>()
  readonly #fixed: FixedClasses

  constructor(fixed: FixedClasses) {
    this.#fixed = fixed
  }

  /** The asset of an id, if it is remembered. */
  known(id: number): StoredAsset | undefined {
    return this.#byId.get(id)
  }

  *byId(id: number): Query<StoredAsset> {
    const cached = this.#byId.get(id)
    if (cached !== undefined) return cached
    const [row] = yield [BY_ID, id]
    assert(row !== undefined, `asset ${id} is not stored`)
    return this.#keep(row)
  }

  /** The asset, if it is remembered. */
  knownAs(asset: AssetRef): StoredAsset | undefined {
    for (const cached of this.#byReference.get(asset.reference) ?? NONE) {
      if (cached.asset.standard === asset.standard) return cached
    }
    return undefined
  }

  *find(asset: AssetRef): Query<StoredAsset | undefined> {
    const known = this.knownAs(asset)
    if (known !== undefined) return known
    const [row] = yield [BY_KEY, asset.reference, asset.standard]
    return row === undefined ? undefined : this.#keep(row)
  }

  /** The assets that a contract is stored as, in the order of STANDARDS. */
  *of(reference: string): Query<readonly StoredAsset[]> {
    const assets: StoredAsset[] = []
    for (const row of yield [IDS, reference]) assets.push(yield* this.byId(int(row[0])))
    return assets.length < 2 ? assets : assets.sort((a, b) => rankOf(a) - rankOf(b))
  }

  /** The stored assets that the configuration fixes to accounting by reads. */
  *fixedReads(): Query<readonly StoredAsset[]> {
    const found: StoredAsset[] = []
    for (const [key, accounting] of this.#fixed) {
      if (accounting !== 'reads') continue
      const [standard, reference] = [key.slice(0, key.indexOf(':')), key.slice(key.indexOf(':') + 1)]
      const asset = yield* this.find({ standard: parseStandard(standard), reference })
      if (asset !== undefined) found.push(asset)
    }
    return found
  }

  /** True if the contract is known to have items that are not fungible. */
  *isNft(reference: string): Query<boolean> {
    for (const standard of STANDARDS) {
      if (!isFungible(standard) && (yield* this.find({ standard, reference })) !== undefined) return true
    }
    return false
  }

  /**
   * True if this is a contract, read as a coin, that moved only items and never units: the amounts that it reports are
   * counts of its items.
   */
  *hasItemsOnly(asset: AssetRef): Query<boolean> {
    if (!isFungible(asset.standard)) return false
    const stored = yield* this.find(asset)
    return stored?.firstBlock === undefined && (yield* this.isNft(asset.reference))
  }

  /** Clears the cache. Needed after a rolled-back transaction that added assets, or after a class changed. */
  forget(): void {
    this.#byId.clear()
    this.#byReference.clear()
  }

  #keep(row: Row): StoredAsset {
    if (this.#byId.size >= MAX_CACHED) this.forget()
    const asset = readAsset(row, this.#fixed)
    // Do not cache an asset before its first transfer, which sets the first block.
    if (asset.firstBlock === undefined) return asset
    this.#byId.set(asset.id, asset)
    const { reference, standard } = asset.asset
    const others = (this.#byReference.get(reference) ?? NONE).filter((other) => other.asset.standard !== standard)
    this.#byReference.set(reference, [...others, asset])
    return asset
  }
}

const NONE: readonly StoredAsset[] = []

function rankOf({ asset }: StoredAsset): number {
  return STANDARDS.indexOf(asset.standard)
}
