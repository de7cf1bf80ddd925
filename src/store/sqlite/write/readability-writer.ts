import type { AssetRef } from '../../../core/asset.ts'
import type { Readability } from '../../seam/audits.ts'
import type { SqliteDatabase, Statement } from '../database.ts'
import type { AssetTable } from '../rows/asset-table.ts'

/** Records which tokens are readable and which are not. Runs inside the journal's transaction. */
export class ReadabilityWriter {
  readonly #assets: AssetTable
  readonly #unreadable: Statement
  readonly #answers: Statement
  readonly #countClasses: Statement

  constructor(db: SqliteDatabase, assets: AssetTable) {
    this.#assets = assets
    // A token that is still unreadable keeps its first block, so a rollback to a later block does not change it.
    this.#unreadable = db.prepare(
      `INSERT INTO silences VALUES (@asset, @block, NULL) ON CONFLICT DO UPDATE SET since = excluded.since, until = NULL
       WHERE until IS NOT NULL`,
    )
    this.#answers = db.prepare('UPDATE silences SET until = @block WHERE asset = @asset AND until IS NULL')
    this.#countClasses = db.prepare('UPDATE clock SET classes = classes + 1')
  }

  /** `block` must be ours. */
  note({ block, unreadable: silent, answering }: Readability): void {
    const run = (statement: Statement, assets: readonly AssetRef[]): boolean => {
      const changes = assets.map((asset) => {
        const stored = this.#assets.find(asset)
        return stored === undefined ? 0 : statement.run({ asset: stored.id, block: block.number }).changes
      })
      return changes.some((count) => count > 0)
    }
    const [began, ended] = [run(this.#unreadable, silent), run(this.#answers, answering)]
    if (!began && !ended) return
    this.#countClasses.run()
    this.#assets.forget()
  }
}
