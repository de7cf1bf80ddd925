import { guarded, type SqliteDatabase } from './database.ts'
import { FileIdentity } from './file-identity.ts'

/**
 * A connection to a file whose path must still lead to it. A key that is revoked, or a user who is disabled, in the file
 * at that path would otherwise keep access through the old one.
 */
export class CheckedFile {
  readonly #db: SqliteDatabase
  readonly #identity: FileIdentity

  constructor(db: SqliteDatabase) {
    this.#db = db
    this.#identity = new FileIdentity(db.name)
  }

  /** Returns what the work returns. @throws STORE_REPLACED the file was moved or replaced; and as `guarded` */
  use<T>(work: () => T): T {
    this.#identity.check()
    return guarded(this.#db, work)
  }
}
