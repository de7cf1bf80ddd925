import { assert } from '../../../core/assert.ts'
import { type Accounting, type AssetRef, assetKey } from '../../../core/asset.ts'
import { isFungible, STANDARDS, type Standard } from '../../../core/standards.ts'
import type { StoredAsset } from '../../seam/store.ts'
import { int, nullable, type Row, type RowStatement, type SqliteDatabase, type Statement, text } from '../database.ts'

/**
 * Assets that are cached. Beyond that, the cache is cleared. Takes about 30 MB for contracts, or 80 MB for a ledger
 * whose ids all have the maximum length.
 */
const MAX_CACHED = 100_000

/** Parses a stored standard. */
export function parseStandard(value: unknown): Standard {
  const standard = STANDARDS.find((known) => known === value)
  assert(standard !== undefined, `stored standard is unknown: ${String(value)}`)
  return standard
}

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
  const accounting = fixed ?? (row[4] === null ? 'events' : 'reads')
  const ended = nullable(row[7], int)
  return {
    id: int(row[0]),
    asset,
    accounting: ended === undefined ? accounting : 'reads',
    eventsUntil: accounting === 'events' ? ended : undefined,
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

/**
 * The assets of one chain by id and by reference, through one connection. Ids never change. Classes do: a reader that
 * sees the clock's count of class changes move must call `forget`.
 */
export class AssetTable {
  readonly #byId = new Map<number, StoredAsset>()
  /** By reference, which needs no text to be made for a look-up. One contract may be several assets. */
  readonly #byReference = new Map<string, readonly StoredAsset[]>()
  readonly #selectById: RowStatement
  readonly #selectByKey: RowStatement
  readonly #selectIds: Statement
  readonly #insert: Statement
  readonly #fixed: FixedClasses

  constructor(db: SqliteDatabase, fixed: FixedClasses) {
    this.#fixed = fixed
    this.#selectById = db.prepare(`SELECT ${ASSET_COLUMNS} WHERE a.id = ?`).raw()
    this.#selectByKey = db.prepare(`SELECT ${ASSET_COLUMNS} WHERE reference = ? AND standard = ?`).raw()
    this.#selectIds = db.prepare('SELECT id FROM assets WHERE reference = ?').pluck()
    this.#insert = db.prepare("INSERT INTO assets (standard, reference, first_block, supply) VALUES (?, ?, ?, x'80')")
  }

  byId(id: number): StoredAsset {
    const cached = this.#byId.get(id)
    if (cached !== undefined) return cached
    const row = this.#selectById.get(id)
    assert(row !== undefined, `asset ${id} is not stored`)
    return this.#keep(row)
  }

  find(asset: AssetRef): StoredAsset | undefined {
    for (const cached of this.#byReference.get(asset.reference) ?? NONE) {
      if (cached.asset.standard === asset.standard) return cached
    }
    const row = this.#selectByKey.get(asset.reference, asset.standard)
    return row === undefined ? undefined : this.#keep(row)
  }

  /** The assets that a contract is stored as, in the order of STANDARDS. */
  of(reference: string): readonly StoredAsset[] {
    const assets = this.#selectIds.all(reference).map((id) => this.byId(int(id)))
    return assets.length < 2 ? assets : assets.sort((a, b) => rankOf(a) - rankOf(b))
  }

  /** The stored assets that the configuration fixes to accounting by reads. */
  fixedReads(): readonly StoredAsset[] {
    return [...this.#fixed].flatMap(([key, accounting]) => {
      const [standard, reference] = [key.slice(0, key.indexOf(':')), key.slice(key.indexOf(':') + 1)]
      const asset = accounting === 'reads' ? this.find({ standard: parseStandard(standard), reference }) : undefined
      return asset === undefined ? [] : [asset]
    })
  }

  /** True if the contract is known to have items that are not fungible. */
  isNft(reference: string): boolean {
    const nfts = STANDARDS.filter((standard) => !isFungible(standard))
    return nfts.some((standard) => this.find({ standard, reference }) !== undefined)
  }

  /**
   * True if this is a contract, read as a coin, that moved only items and never units: the amounts that it reports are
   * counts of its items.
   */
  hasItemsOnly(asset: AssetRef): boolean {
    return isFungible(asset.standard) && this.find(asset)?.firstBlock === undefined && this.isNft(asset.reference)
  }

  /** How an asset's balances are known, stored or not. */
  accountingOf(asset: AssetRef): Accounting {
    return this.find(asset)?.accounting ?? this.#fixed.get(assetKey(asset)) ?? 'events'
  }

  /** Gives a new asset its id. Call it only in a writer's transaction. */
  add(asset: AssetRef, firstBlock: number | undefined): StoredAsset {
    const { lastInsertRowid } = this.#insert.run(asset.standard, asset.reference, firstBlock ?? null)
    const fixed = this.#fixed.get(assetKey(asset))
    const id = Number(lastInsertRowid)
    const known = { unreadable: false, inDoubt: false, eventsUntil: undefined, endedAt: undefined, isGone: false }
    return { id, asset, accounting: fixed ?? 'events', fixed: fixed !== undefined, firstBlock, ...known }
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
