import { int, text } from '../../rows/columns.ts'
import {
  PRICE_HORIZON_SECONDS,
  PRICE_STEP_SECONDS,
  type PriceOfAsset,
  type PriceStore,
  type StoredPrice,
} from '../../seam/prices.ts'
import type { PostgresDatabase, Queries } from '../database.ts'

/** Assets whose old prices one `put` looks for: some milliseconds of work. */
const ASSETS_PER_STEP = 20
/** Old prices of an asset that one `put` deletes, at most. */
const DELETED_PER_ASSET = 500

/** The history of prices. Not durable: a crash of the server may lose the last ones. */
export class PostgresPrices implements PriceStore {
  readonly #db: PostgresDatabase
  /** The last asset whose old prices were deleted. The walk over the assets starts again after the last one. */
  #cleaned = ''

  constructor(db: PostgresDatabase) {
    this.#db = db
  }

  async put(prices: readonly PriceOfAsset[], now: number): Promise<void> {
    await this.#db.write(
      async (queries) => {
        // One process at a time, so that no two prices are closer than the step.
        await queries.run("SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '/price_history', 0))")
        for (const { asset, at, price } of prices) {
          const [from, to] = [at - PRICE_STEP_SECONDS, at + PRICE_STEP_SECONDS]
          await queries.run(INSERT, asset, at, price, asset, from, to)
        }
        await this.#clean(queries, now - PRICE_HORIZON_SECONDS)
      },
      { durable: false },
    )
  }

  async at(asset: string, time: number): Promise<StoredPrice | undefined> {
    const newest = 'SELECT at, price FROM price_history WHERE asset = ? AND at <= ? ORDER BY at DESC LIMIT 1'
    const row = await this.#db.get(newest, asset, time)
    return this.#db.read(() => row && { at: int(row[0]), price: text(row[1]) })
  }

  async latest(limit: number): Promise<readonly PriceOfAsset[]> {
    const rows = await this.#db.all(LATEST, '', limit)
    return this.#db.read(() => rows.map((row) => ({ at: int(row[0]), price: text(row[1]), asset: text(row[2]) })))
  }

  /** Deletes prices before `before` of the next assets. */
  async #clean(queries: Queries, before: number): Promise<void> {
    const next = await queries.all(NEXT_ASSETS, this.#cleaned, ASSETS_PER_STEP)
    const assets = next.map((row) => text(row[0]))
    for (const asset of assets) await queries.run(REMOVE, asset, asset, before, DELETED_PER_ASSET)
    this.#cleaned = assets.length < ASSETS_PER_STEP ? '' : (assets.at(-1) ?? '')
  }
}

const INSERT = `INSERT INTO price_history (asset, at, price) SELECT ?::text, ?::bigint, ?::text WHERE NOT EXISTS (
  SELECT 1 FROM price_history WHERE asset = ? AND at > ? AND at < ?)`

/** Walks over the assets by the primary key: one look-up for each, however many prices it has. */
const EACH_ASSET = `WITH RECURSIVE assets (asset) AS (
  (SELECT asset FROM price_history WHERE asset > ? ORDER BY asset LIMIT 1)
  UNION ALL
  SELECT (SELECT p.asset FROM price_history p WHERE p.asset > assets.asset ORDER BY p.asset LIMIT 1)
    FROM assets WHERE assets.asset IS NOT NULL
)`

const LATEST = `${EACH_ASSET} SELECT newest.at, newest.price, assets.asset FROM assets CROSS JOIN LATERAL
  (SELECT at, price FROM price_history p WHERE p.asset = assets.asset ORDER BY at DESC LIMIT 1) newest
  ORDER BY newest.at DESC, assets.asset LIMIT ?`
const NEXT_ASSETS = `${EACH_ASSET} SELECT asset FROM assets WHERE asset IS NOT NULL LIMIT ?`
const REMOVE = `DELETE FROM price_history WHERE asset = ? AND at IN (
  SELECT at FROM price_history WHERE asset = ? AND at < ? ORDER BY at LIMIT ?)`
