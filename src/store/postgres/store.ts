import type { Records } from '../seam/records.ts'
import { PostgresDatabase } from './database.ts'
import { dumpRecords } from './dump-records.ts'
import { PostgresLedgers } from './ledger/ledgers.ts'
import { migrate } from './migrate.ts'
import { PostgresFollowRequests } from './records/follow-requests.ts'
import { PostgresKeys } from './records/keys.ts'
import { PostgresPrices } from './records/prices.ts'
import { PostgresSessions, PostgresUsers } from './records/users.ts'
import { MIGRATIONS } from './schema.ts'
import { parseTarget } from './target.ts'

/** A schema of a PostgreSQL database. */
export class PostgresStore implements Records {
  readonly keys: PostgresKeys
  readonly users: PostgresUsers
  readonly sessions: PostgresSessions
  readonly prices: PostgresPrices
  readonly followRequests: PostgresFollowRequests
  readonly ledgers: PostgresLedgers
  readonly #db: PostgresDatabase

  private constructor(db: PostgresDatabase) {
    this.#db = db
    this.keys = new PostgresKeys(db)
    this.users = new PostgresUsers(db)
    this.sessions = new PostgresSessions(db)
    this.prices = new PostgresPrices(db)
    this.followRequests = new PostgresFollowRequests(db)
    this.ledgers = new PostgresLedgers(db)
  }

  /**
   * Connects, and brings the tables to the newest version.
   * @throws CONFIG_INVALID, STORE_MISSING, STORE_MISMATCH, STORE_UNAVAILABLE as `migrate` and `parseTarget`
   */
  static async open({ url, create }: { readonly url: string; readonly create: boolean }): Promise<PostgresStore> {
    const db = new PostgresDatabase(parseTarget(url))
    try {
      await migrate(db, { migrations: MIGRATIONS, create })
    } catch (error) {
      await db.close()
      throw error
    }
    return new PostgresStore(db)
  }

  dump(): Promise<readonly string[]> {
    return dumpRecords(this.#db)
  }

  close(): Promise<void> {
    return this.#db.close()
  }
}
