import {
  PRICE_HORIZON_SECONDS,
  PRICE_STEP_SECONDS,
  type PriceOfAsset,
  type PriceStore,
  type StoredPrice,
} from '../seam/prices.ts'
import { guarded, int, type Row, type RowStatement, type SqliteDatabase, type Statement, text } from './database.ts'

/** Assets whose old prices one `put` looks for: some milliseconds of work. */
const ASSETS_PER_STEP = 20
/** Old prices of an asset that one `put` deletes, at most. */
const DELETED_PER_ASSET = 500

/** The history of prices in the authoritative file. The connection opens at the first use: most stores have no prices. */
export class SqlitePrices implements PriceStore {
  readonly #open: () => SqliteDatabase
  #statements: PriceStatements | undefined
  /** The last asset whose old prices were deleted. The walk over the assets starts again after the last one. */
  #cleaned = ''

  constructor(open: () => SqliteDatabase) {
    this.#open = open
  }

  async put(prices: readonly PriceOfAsset[], now: number): Promise<void> {
    const { db, insert } = this.#use()
    const run = db.transaction(() => {
      for (const { asset, at, price } of prices) insert.run({ asset, at, price, step: PRICE_STEP_SECONDS })
      this.#clean(now - PRICE_HORIZON_SECONDS)
    })
    guarded(db, () => run.immediate())
  }

  async at(asset: string, time: number): Promise<StoredPrice | undefined> {
    const { db, newest } = this.#use()
    const row = guarded(db, () => newest.get(asset, time))
    return row === undefined ? undefined : priceOf(row)
  }

  async latest(limit: number): Promise<readonly PriceOfAsset[]> {
    const { db, latest } = this.#use()
    const rows = guarded(db, () => latest.all(limit))
    return rows.map((row) => ({ ...priceOf(row), asset: text(row[2]) }))
  }

  /** Deletes prices before `before` of the next assets. */
  #clean(before: number): void {
    const { nextAssets, remove } = this.#use()
    const assets = nextAssets.all(this.#cleaned, ASSETS_PER_STEP).map((row) => text(row[0]))
    for (const asset of assets) remove.run({ asset, before, limit: DELETED_PER_ASSET })
    this.#cleaned = assets.length < ASSETS_PER_STEP ? '' : (assets.at(-1) ?? '')
  }

  #use(): PriceStatements {
    if (this.#statements === undefined) {
      const db = this.#open()
      this.#statements = guarded(db, () => prepare(db))
    }
    return this.#statements
  }
}

type PriceStatements = {
  readonly db: SqliteDatabase
  readonly insert: Statement
  readonly newest: RowStatement
  readonly latest: RowStatement
  readonly nextAssets: RowStatement
  readonly remove: Statement
}

/** Walks over the assets by the primary key: one look-up for each, however many prices it has. */
const EACH_ASSET = `WITH RECURSIVE assets (asset) AS (
  SELECT * FROM (SELECT asset FROM price_history WHERE asset > ? ORDER BY asset LIMIT 1)
  UNION ALL
  SELECT (SELECT asset FROM price_history WHERE asset > assets.asset ORDER BY asset LIMIT 1)
    FROM assets WHERE asset IS NOT NULL
)`

function prepare(db: SqliteDatabase): PriceStatements {
  return {
    db,
    insert: db.prepare(`INSERT INTO price_history (asset, at, price) SELECT @asset, @at, @price WHERE NOT EXISTS (
      SELECT 1 FROM price_history WHERE asset = @asset AND at > @at - @step AND at < @at + @step)`),
    newest: db
      .prepare('SELECT at, price FROM price_history WHERE asset = ? AND at <= ? ORDER BY at DESC LIMIT 1')
      .raw(),
    latest: db
      .prepare(`${EACH_ASSET.replace('?', "''")}
        SELECT price_history.at, price_history.price, assets.asset FROM assets JOIN price_history
          ON price_history.asset = assets.asset
          AND price_history.at = (SELECT max(at) FROM price_history WHERE asset = assets.asset)
        ORDER BY price_history.at DESC, assets.asset LIMIT ? + 0`)
      .raw(),
    nextAssets: db.prepare(`${EACH_ASSET} SELECT asset FROM assets WHERE asset IS NOT NULL LIMIT ? + 0`).raw(),
    remove: db.prepare(`DELETE FROM price_history WHERE asset = @asset AND at IN (
      SELECT at FROM price_history WHERE asset = @asset AND at < @before ORDER BY at LIMIT @limit + 0)`),
  }
}

function priceOf(row: Row): StoredPrice {
  return { at: int(row[0]), price: text(row[1]) }
}
