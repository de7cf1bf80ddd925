import { assert } from '../../core/assert.ts'
import { type Accounting, type AssetRef, assetKey, STANDARDS, type Standard } from '../../core/asset.ts'
import type { StoredAsset } from '../store.ts'
import { int, type Row, type SqliteDatabase, type Statement, text } from './database.ts'

/** Assets kept in memory; past this all are forgotten and read again. About 20 MB. */
const MAX_CACHED = 100_000

/** The standard of its stored text. */
export function parseStandard(value: unknown): Standard {
  const standard = STANDARDS.find((known) => known === value)
  assert(standard !== undefined, `stored standard is unknown: ${String(value)}`)
  return standard
}

function parseAccounting(value: unknown): Accounting {
  assert(value === 'events' || value === 'reads', `stored accounting is unknown: ${String(value)}`)
  return value
}

/** Assets of one chain by id and by name, through one connection. Ids never change, so a cache is never wrong. */
export class AssetTable {
  readonly #byId = new Map<number, StoredAsset>()
  readonly #byKey = new Map<string, StoredAsset>()
  readonly #selectById: Statement
  readonly #selectByKey: Statement
  readonly #insert: Statement

  constructor(db: SqliteDatabase) {
    const columns = 'SELECT id, standard, reference, accounting, first_block FROM assets'
    this.#selectById = db.prepare<unknown[]>(`${columns} WHERE id = ?`).raw()
    this.#selectByKey = db.prepare<unknown[]>(`${columns} WHERE reference = ? AND standard = ?`).raw()
    this.#insert = db.prepare<unknown[]>('INSERT INTO assets (standard, reference, first_block) VALUES (?, ?, ?)')
  }

  byId(id: number): StoredAsset {
    const cached = this.#byId.get(id)
    if (cached !== undefined) return cached
    const row = this.#selectById.get(id) as Row | undefined
    assert(row !== undefined, `asset ${id} is not stored`)
    return this.#keep(row)
  }

  find(asset: AssetRef): StoredAsset | undefined {
    const cached = this.#byKey.get(assetKey(asset))
    if (cached !== undefined) return cached
    const row = this.#selectByKey.get(asset.reference, asset.standard) as Row | undefined
    return row === undefined ? undefined : this.#keep(row)
  }

  /** Gives a new asset its id. Only in a writer's transaction. */
  add(asset: AssetRef, firstBlock: number): StoredAsset {
    const { lastInsertRowid } = this.#insert.run(asset.standard, asset.reference, firstBlock)
    return { id: Number(lastInsertRowid), asset, accounting: 'events', firstBlock }
  }

  /** Forgets what is cached: a transaction that added assets was undone. */
  forget(): void {
    this.#byId.clear()
    this.#byKey.clear()
  }

  #keep(row: Row): StoredAsset {
    if (this.#byId.size >= MAX_CACHED) this.forget()
    const asset: StoredAsset = {
      id: int(row[0]),
      asset: { standard: parseStandard(row[1]), reference: text(row[2]) },
      accounting: parseAccounting(row[3]),
      firstBlock: row[4] === null ? undefined : int(row[4]),
    }
    this.#byId.set(asset.id, asset)
    this.#byKey.set(assetKey(asset.asset), asset)
    return asset
  }
}
