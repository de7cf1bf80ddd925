import type { TableEngine } from '../../engine/table-engine.ts'
import { int, type Row, text } from '../../rows/columns.ts'
import {
  PRICE_HORIZON_SECONDS,
  PRICE_STEP_SECONDS,
  type PriceOfAsset,
  type PriceStore,
  type StoredPrice,
} from '../../seam/prices.ts'
import { each, type Query, rowOf, rowsOf, TURN } from '../query.ts'

/** Assets whose old prices one `put` looks for: some milliseconds of work. */
const ASSETS_PER_STEP = 20
/** Old prices of an asset that one `put` deletes, at most. */
const DELETED_PER_ASSET = 500

const NEAR = each('SELECT at FROM price_history WHERE asset = ? AND at > ? AND at < ?', ['text', 'int', 'int'])
const ADD = each('INSERT INTO price_history (asset, at, price) VALUES (?, ?, ?)', ['text', 'int', 'text'])
const NEWEST = rowOf('SELECT at, price FROM price_history WHERE asset = ? AND at <= ? ORDER BY at DESC LIMIT 1')
/** Walks over the assets by the primary key: one look-up for each, however many prices it has. */
const EACH_ASSET = `WITH RECURSIVE assets (asset) AS (
  SELECT * FROM (SELECT asset FROM price_history WHERE asset > @after ORDER BY asset LIMIT 1) first
  UNION ALL
  SELECT (SELECT p.asset FROM price_history p WHERE p.asset > assets.asset ORDER BY p.asset LIMIT 1)
    FROM assets WHERE assets.asset IS NOT NULL
)`
const LATEST = rowsOf(
  `${EACH_ASSET} SELECT q.at, (SELECT price FROM price_history p WHERE p.asset = q.asset AND p.at = q.at), q.asset FROM (
     SELECT asset, (SELECT max(at) FROM price_history p WHERE p.asset = assets.asset) AS at
       FROM assets WHERE asset IS NOT NULL
   ) q ORDER BY q.at DESC, q.asset LIMIT @limit + 0`,
)
const NEXT_ASSETS = rowsOf(`${EACH_ASSET} SELECT asset FROM assets WHERE asset IS NOT NULL LIMIT @limit + 0`)
const REMOVE = rowOf(
  `DELETE FROM price_history WHERE asset = @asset AND at IN (
     SELECT at FROM price_history WHERE asset = @asset AND at < @before ORDER BY at LIMIT @limit + 0)`,
)

/** The history of prices, on any engine. */
export class StoredPrices implements PriceStore {
  readonly #engine: TableEngine
  /** The last asset whose old prices were deleted. The walk over the assets starts again after the last one. */
  #cleaned = ''

  /** Commits of the engine need not be on disk: a crash may lose the last prices. */
  constructor(engine: TableEngine) {
    this.#engine = engine
  }

  async put(prices: readonly PriceOfAsset[], now: number): Promise<void> {
    const after = this.#cleaned
    this.#cleaned = await this.#engine.write(function* (): Query<string> {
      // One process at a time, so that no two prices are closer than the step.
      yield [TURN, 'price_history']
      yield* add(prices)
      return yield* clean(after, now - PRICE_HORIZON_SECONDS)
    })
  }

  async at(asset: string, time: number): Promise<StoredPrice | undefined> {
    return this.#engine.read(function* (): Query<StoredPrice | undefined> {
      const [row] = yield [NEWEST, asset, time]
      return row && priceOf(row)
    })
  }

  async latest(limit: number): Promise<readonly PriceOfAsset[]> {
    return this.#engine.read(function* (): Query<readonly PriceOfAsset[]> {
      const rows = yield [LATEST, { after: '', limit }]
      return rows.map((row) => ({ ...priceOf(row), asset: text(row[2]) }))
    })
  }
}

/** Adds the prices that are not near a stored one, nor near one of these that is added. */
function* add(prices: readonly PriceOfAsset[]): Query<void> {
  const near = yield [
    NEAR,
    prices.map(({ asset, at }) => [asset, at - PRICE_STEP_SECONDS, at + PRICE_STEP_SECONDS] as const),
  ]
  const added = new Map<string, readonly number[]>()
  const rows: (readonly [asset: string, at: number, price: string])[] = []
  for (const [index, { asset, at, price }] of prices.entries()) {
    const times = added.get(asset) ?? []
    if (near[index]?.length !== 0 || times.some((time) => Math.abs(time - at) < PRICE_STEP_SECONDS)) continue
    added.set(asset, [...times, at])
    rows.push([asset, at, price])
  }
  yield [ADD, rows]
}

/** Deletes prices before `before` of the next assets after one. Returns the last of them; '' after the last asset. */
function* clean(after: string, before: number): Query<string> {
  const assets = (yield [NEXT_ASSETS, { after, limit: ASSETS_PER_STEP }]).map((row) => text(row[0]))
  for (const asset of assets) yield [REMOVE, { asset, before, limit: DELETED_PER_ASSET }]
  return assets.length < ASSETS_PER_STEP ? '' : (assets.at(-1) ?? '')
}

function priceOf(row: Row): StoredPrice {
  return { at: int(row[0]), price: text(row[1]) }
}
