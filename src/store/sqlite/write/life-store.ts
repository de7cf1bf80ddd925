import { assert } from '../../../core/assert.ts'
import { confirmAlive, recordEnd, recordNewCode } from '../../../journal/rules/lives.ts'
import type { Ending, LifeStore, OpenLife } from '../../seam/lives.ts'
import { int, type RowStatement, type SqliteDatabase } from '../database.ts'
import type { JournalFile } from './journal-file.ts'

/** The dependencies of `SqliteLives`. */
export type LifeStoreDeps = {
  readonly db: SqliteDatabase
  readonly file: JournalFile
  /** Runs work in one transaction of the chain's writer. */
  readonly transaction: <T>(work: () => T) => T
}

/** The marks of destroyed contracts, for the chain's writer. */
export class SqliteLives implements LifeStore {
  readonly #deps: LifeStoreDeps
  readonly #open: RowStatement

  constructor(deps: LifeStoreDeps) {
    this.#deps = deps
    this.#open = deps.db
      .prepare(
        `SELECT asset, block, unsure FROM endings WHERE (again IS NULL OR unsure = 1) AND asset > ?
         ORDER BY asset LIMIT ? + 0`,
      )
      .raw()
  }

  async recordEnd(ending: Ending): Promise<boolean> {
    const { file, transaction } = this.#deps
    return transaction(() => file.run(recordEnd(ending, file.rules)))
  }

  async recordNewCode(life: Parameters<LifeStore['recordNewCode']>[0]): Promise<boolean> {
    const { file, transaction } = this.#deps
    return transaction(() => file.run(recordNewCode(life, file.rules)))
  }

  async confirmAlive(life: Parameters<LifeStore['confirmAlive']>[0]): Promise<boolean> {
    const { file, transaction } = this.#deps
    return transaction(() => file.run(confirmAlive(life, file.rules)))
  }

  async open({ after, limit }: Parameters<LifeStore['open']>[0]): Promise<readonly OpenLife[]> {
    const { file, transaction } = this.#deps
    return transaction(() =>
      this.#open.all(after, limit).map((entry): OpenLife => {
        const [id, block, unsure] = entry.map(int)
        assert(id !== undefined && block !== undefined, 'a row has its columns')
        return { id, asset: file.assets.byId(id).asset, since: unsure === 1 ? block : undefined }
      }),
    )
  }
}
