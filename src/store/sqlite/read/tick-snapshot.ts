import { isServiceError } from '../../../core/errors.ts'
import { guardedFile, type SqliteDatabase, type Statement } from '../database.ts'

/**
 * A read snapshot that lasts one tick of the event loop. The first read in a tick opens it, all reads in that tick see
 * the same data, and it is released before the next tick. Opening a snapshot costs more than most reads, and under load
 * one tick answers many requests. Only for connections that never write.
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

  /** Opens a snapshot unless this tick already has one. Returns true if this call opened it. @throws SqliteError */
  enter(): boolean {
    if (this.#open) return false
    this.#begin.run()
    this.#open = true
    setImmediate(() => this.#leaveAtEnd())
    return true
  }

  /** Releases the snapshot now. @throws SqliteError: this can fail if the file is damaged */
  leave(): void {
    if (!this.#open) return
    this.#open = false
    // A statement that hit damage may have ended the transaction already.
    if (!this.#db.open || !this.#db.inTransaction) return
    try {
      this.#commit.run()
    } finally {
      if (this.#db.inTransaction) this.#db.exec('ROLLBACK')
    }
  }

  /**
   * No caller awaits this, so a store error here must not end the process. The next read fails with the same error, and looks
   * whether the file is still the newest.
   */
  #leaveAtEnd(): void {
    try {
      guardedFile(this.#db.name, () => this.leave())
    } catch (error) {
      if (!isServiceError(error)) throw error
    }
  }
}
