import type { AssetRef } from '../../../core/asset.ts'
import type { AssetTable } from '../../queries/asset-table.ts'
import type { StoredAsset } from '../../seam/store.ts'
import type { SqliteQueries } from '../run-query.ts'

/** The assets of one connection, each at once. */
export class SqliteAssets {
  readonly #queries: SqliteQueries
  readonly #table: AssetTable

  constructor(queries: SqliteQueries, table: AssetTable) {
    this.#queries = queries
    this.#table = table
  }

  byId(id: number): StoredAsset {
    return this.#table.known(id) ?? this.#queries.run(this.#table.byId(id))
  }

  find(asset: AssetRef): StoredAsset | undefined {
    return this.#table.knownAs(asset) ?? this.#queries.run(this.#table.find(asset))
  }

  /** As `AssetTable.forget`. */
  forget(): void {
    this.#table.forget()
  }
}
