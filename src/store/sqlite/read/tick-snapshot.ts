import { isServiceError } from '../../../core/errors.ts'
import { guarded, type SqliteDatabase, type Statement } from '../database.ts'

/**
 * A read snapshot that lasts one turn of the event loop: the first read of a turn takes it, all reads of that turn see
 * the same facts, and it is given back before the next turn. Taking one costs more than most reads, and under load many
 * requests are answered in a turn. Only for connections that never write.
 */
export class TickSnapshot {
  readonly #begin: Statement
  readonly #commit: Statement
  readonly #db: SqliteDatabase
  #open = false

  constructor(db: SqliteDatabase) {
    this.#db = db
    this.#begin = db.prepare('BEGIN')
    this.#commit = db.prepare('COMMIT')
  }

  /**
   * Makes sure that what follows in this turn is read from one snapshot; true where this call began it.
   * @throws SqliteError
   */
  enter(): boolean {
    if (this.#open) return false
    this.#begin.run()
    this.#open = true
    setImmediate(() => this.#leaveAtEnd())
    return true
  }

  /** Gives the snapshot back now. @throws SqliteError: a damaged file can fail here too */
  leave(): void {
    if (!this.#open) return
    this.#open = false
    // A statement that met damage may have ended the transaction already.
    if (!this.#db.open || !this.#db.inTransaction) return
    try {
      this.#commit.run()
    } finally {
      if (this.#db.inTransaction) this.#db.exec('ROLLBACK')
    }
  }

  /** Nobody waits for this call, so an error of the store must not end the process: the next read meets it again. */
  #leaveAtEnd(): void {
    try {
      guarded(this.#db, () => this.leave())
    } catch (error) {
      if (!isServiceError(error)) throw error
    }
  }
}
