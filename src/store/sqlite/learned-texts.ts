import type { LearnedTexts } from '../seam/learned-texts.ts'
import { guarded, type SqliteDatabase, type Statement, text } from './database.ts'

/** What adapters learned, in the file of chain reads. Rows are never deleted, so their numbers have no gaps. */
export class SqliteLearnedTexts implements LearnedTexts {
  readonly #db: SqliteDatabase
  readonly #since: Statement
  readonly #add: Statement

  constructor(db: SqliteDatabase) {
    this.#db = db
    this.#since = db.prepare('SELECT text FROM learned WHERE number > ? ORDER BY number').pluck()
    this.#add = db.prepare('INSERT OR IGNORE INTO learned (text) VALUES (?)')
  }

  async since(after: number): Promise<readonly string[]> {
    return guarded(this.#db, () => this.#since.all(after).map(text))
  }

  async add(texts: readonly string[]): Promise<void> {
    const run = this.#db.transaction(() => {
      for (const one of texts) this.#add.run(one)
    })
    guarded(this.#db, () => run.immediate())
  }
}
