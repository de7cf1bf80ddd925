import { guarded, int, type RowStatement, type SqliteDatabase, type Statement, text } from './database.ts'

/**
 * When each key was last used, in a separate file, so that a request never waits for the disk of the authoritative
 * file.
 */
export class SqliteKeyUses {
  readonly #db: SqliteDatabase
  readonly #note: Statement
  readonly #all: RowStatement

  constructor(db: SqliteDatabase) {
    this.#db = db
    this.#note = db.prepare(
      'INSERT INTO uses (id, used_at) VALUES (?, ?) ON CONFLICT DO UPDATE SET used_at = max(used_at, excluded.used_at)',
    )
    this.#all = db.prepare('SELECT id, used_at FROM uses').raw()
  }

  note(uses: ReadonlyMap<string, number>): void {
    const run = this.#db.transaction(() => {
      for (const [id, usedAt] of uses) this.#note.run(id, usedAt)
    })
    guarded(this.#db, () => run.immediate())
  }

  /** Unix seconds by key id. */
  all(): ReadonlyMap<string, number> {
    const rows = guarded(this.#db, () => this.#all.all())
    return new Map(rows.map((row): [string, number] => [text(row[0]), int(row[1])]))
  }
}
