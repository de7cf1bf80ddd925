import { assert } from '../../../core/assert.ts'
import type { BlockRef } from '../../../core/block.ts'
import { decodeHash } from '../../../journal/hash-codec.ts'
import type { Ending, LifeStore, OpenLife } from '../../seam/lives.ts'
import { bytes, int, type SqliteDatabase, type Statement } from '../database.ts'
import type { AssetTable } from '../rows/asset-table.ts'
import type { DoubtWriter } from './doubt-writer.ts'

/** The dependencies of `SqliteLives`. */
export type LifeStoreDeps = {
  readonly db: SqliteDatabase
  readonly assets: AssetTable
  readonly doubts: DoubtWriter
  /** Runs work in one transaction of the chain's writer. */
  readonly transaction: <T>(work: () => T) => T
}

/** The marks of destroyed contracts, for the chain's writer. */
export class SqliteLives implements LifeStore {
  readonly #deps: LifeStoreDeps
  readonly #s: ReturnType<typeof prepare>

  constructor(deps: LifeStoreDeps) {
    this.#deps = deps
    this.#s = prepare(deps.db)
  }

  async recordEnd({ reference, block, seen }: Ending): Promise<boolean> {
    return this.#deps.transaction(() => {
      if (!this.#isOurs(seen) || !this.#isOurs(block)) return false
      // A second end keeps the block of the first one: events have proven nothing since then.
      return this.#change(reference, (id) => {
        const changed = this.#s.end.run(id, block.number).changes > 0
        if (changed) this.#deps.doubts.resolveAsset(id)
        return changed
      })
    })
  }

  async recordNewCode({ reference, seen }: Parameters<LifeStore['recordNewCode']>[0]): Promise<boolean> {
    return this.#deps.transaction(() => {
      if (!this.#isOurs(seen)) return false
      return this.#change(reference, (id) => this.#s.again.run(seen.number, id).changes > 0)
    })
  }

  async confirmAlive({ reference, seen }: Parameters<LifeStore['confirmAlive']>[0]): Promise<boolean> {
    return this.#deps.transaction(() => {
      if (!this.#isOurs(seen)) return false
      return this.#change(reference, (id) => this.#s.standing.run(id).changes > 0)
    })
  }

  async open({ after, limit }: Parameters<LifeStore['open']>[0]): Promise<readonly OpenLife[]> {
    const { assets, transaction } = this.#deps
    return transaction(() =>
      this.#s.open.all(after, limit).map((entry): OpenLife => {
        const [id, block, unsure] = entry.map(int)
        assert(id !== undefined && block !== undefined, 'a row has its columns')
        return { id, asset: assets.byId(id).asset, since: unsure === 1 ? block : undefined }
      }),
    )
  }

  /** Changes the mark of each asset of a contract. Returns true if any changed; readers then see the change. */
  #change(reference: string, change: (id: number) => boolean): boolean {
    const changed = this.#s.assets.all(reference).filter((id) => change(int(id)))
    if (changed.length === 0) return false
    this.#s.countClasses.run()
    this.#deps.assets.forget()
    return true
  }

  /**
   * Far below the finalized head, blocks without transfers have no stored hash. A final block without one counts as
   * ours.
   */
  #isOurs({ number, hash }: BlockRef): boolean {
    const ours = this.#s.hashAt.get(number)
    if (ours !== undefined) return decodeHash(bytes(ours)) === hash
    const finalized = this.#s.finalized.get()
    return typeof finalized === 'number' && number <= finalized
  }
}

function prepare(db: SqliteDatabase) {
  const sql = (text: string): Statement => db.prepare(text)
  return {
    assets: sql('SELECT id FROM assets WHERE reference = ?').pluck(),
    end: sql(
      `INSERT INTO endings VALUES (?, ?, NULL, 0) ON CONFLICT DO UPDATE SET
       block = iif(unsure, excluded.block, block), again = NULL, unsure = 0 WHERE again IS NOT NULL`,
    ),
    again: sql('UPDATE endings SET again = ? WHERE asset = ? AND again IS NULL'),
    standing: sql('DELETE FROM endings WHERE asset = ? AND unsure = 1'),
    open: sql(
      `SELECT asset, block, unsure FROM endings WHERE (again IS NULL OR unsure = 1) AND asset > ? ORDER BY asset LIMIT ?`,
    ).raw(),
    hashAt: sql('SELECT hash FROM blocks WHERE number = ?').pluck(),
    finalized: sql('SELECT finalized_number FROM clock').pluck(),
    countClasses: sql('UPDATE clock SET classes = classes + 1'),
  }
}
