import { text } from '../../rows/columns.ts'
import type { LearnedTexts } from '../../seam/learned-texts.ts'
import type { PostgresDatabase } from '../database.ts'

/** What adapters of a chain learned. Rows are never deleted, and are numbered under a lock, so their numbers have no gaps. */
export class PostgresLearnedTexts implements LearnedTexts {
  readonly #db: PostgresDatabase

  /** `db`: a view of the chain's schemas. */
  constructor(db: PostgresDatabase) {
    this.#db = db
  }

  async since(after: number): Promise<readonly string[]> {
    const rows = await this.#db.all('SELECT text FROM learned WHERE number > ? ORDER BY number', after)
    return this.#db.read(() => rows.map((row) => text(row[0])))
  }

  async add(texts: readonly string[]): Promise<void> {
    await this.#db.write(async (queries) => {
      await queries.exec('LOCK TABLE learned IN EXCLUSIVE MODE')
      for (const one of texts) {
        await queries.run(
          `INSERT INTO learned (number, text) SELECT coalesce(max(number), 0) + 1, ?::text FROM learned
           ON CONFLICT (text) DO NOTHING`,
          one,
        )
      }
    })
  }
}
