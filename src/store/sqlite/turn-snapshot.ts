import type { SqliteDatabase, Statement } from './database.ts'

/**
 * A read snapshot that lasts one turn of the event loop: the first read of a turn takes it, all reads of that turn see
 * the same facts, and it is given back before the next turn. Taking one costs more than most reads, and under load many
 * requests are answered in a turn. Only for connections that never write.
 */
export class TurnSnapshot {
  readonly #begin: Statement
  readonly #commit: Statement
  readonly #db: SqliteDatabase
  #open = false

  constructor(db: SqliteDatabase) {
    this.#db = db
    this.#begin = db.prepare<unknown[]>('BEGIN')
    this.#commit = db.prepare<unknown[]>('COMMIT')
  }

  /** Makes sure that what follows in this turn is read from one snapshot; true where this call began it. */
  enter(): boolean {
    if (this.#open) return false
    this.#begin.run()
    this.#open = true
    setImmediate(() => this.leave())
    return true
  }

  /** Gives the snapshot back now. */
  leave(): void {
    if (!this.#open) return
    this.#open = false
    if (this.#db.open) this.#commit.run()
  }
}
