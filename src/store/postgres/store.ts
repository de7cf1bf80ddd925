import pg from 'pg'
import type { AccountCodec } from '../../core/account.ts'
import type { Accounting } from '../../core/asset.ts'
import type { ChainId } from '../../core/chain.ts'
import type { Coverage } from '../../core/coverage.ts'
import { createCustodyStore } from '../queries/custody/create-custody-store.ts'
import type { CustodyStore } from '../seam/custody.ts'
import type { ChainReads, Journal, Store } from '../seam/store.ts'
import { defaultLoadFolder, LoadFolder } from './bulk/load-folder.ts'
import { chainSchemas, hasChain } from './chain/chain-place.ts'
import { PostgresJournal } from './chain/journal.ts'
import { openChainReads } from './chain/open-reads.ts'
import { PostgresCustodyEngine } from './custody.ts'
import { PostgresDatabase } from './database.ts'
import { dumpRecords } from './dump-records.ts'
import { takeLease } from './lease.ts'
import { PostgresLedgers } from './ledger/ledgers.ts'
import { migrate } from './migrate.ts'
import { PostgresFollowRequests } from './records/follow-requests.ts'
import { PostgresKeys } from './records/keys.ts'
import { PostgresPrices } from './records/prices.ts'
import { PostgresSessions, PostgresUsers } from './records/users.ts'
import { PostgresCallCounts } from './running/call-counts.ts'
import { PostgresComparisonRequests } from './running/comparison-requests.ts'
import { PostgresIndexerReports } from './running/indexer-reports.ts'
import { MIGRATIONS } from './schema.ts'
import { parseTarget } from './target.ts'

/** How a store of PostgreSQL is opened. */
export type PostgresOptions = {
  readonly url: string
  /** False: missing tables are not made. */
  readonly create: boolean
  readonly codecOf: (chain: ChainId) => AccountCodec
  /** Tokens whose accounting the configuration fixes, by `assetKey`. */
  readonly classesOf?: (chain: ChainId) => ReadonlyMap<string, Accounting>
  /** Where bulk loads keep what they fetched; a folder of the system's temporary ones if not given. */
  readonly loadFolder?: string | undefined
}

/** A schema of a PostgreSQL database, and two more for each chain that has nodes. */
export class PostgresStore implements Store {
  readonly keys: PostgresKeys
  readonly users: PostgresUsers
  readonly sessions: PostgresSessions
  readonly prices: PostgresPrices
  readonly followRequests: PostgresFollowRequests
  readonly ledgers: PostgresLedgers
  readonly custody: CustodyStore
  readonly reports: PostgresIndexerReports
  readonly comparisons: PostgresComparisonRequests
  readonly callCounts: PostgresCallCounts
  readonly #db: PostgresDatabase
  readonly #options: PostgresOptions

  private constructor(db: PostgresDatabase, options: PostgresOptions) {
    this.#db = db
    this.#options = options
    this.keys = new PostgresKeys(db)
    this.users = new PostgresUsers(db)
    this.sessions = new PostgresSessions(db)
    this.prices = new PostgresPrices(db)
    this.followRequests = new PostgresFollowRequests(db)
    this.ledgers = new PostgresLedgers(db)
    this.custody = createCustodyStore({
      durable: new PostgresCustodyEngine(db, { durable: true }),
      index: new PostgresCustodyEngine(db, { durable: false }),
    })
    this.reports = new PostgresIndexerReports(db)
    this.comparisons = new PostgresComparisonRequests(db)
    this.callCounts = new PostgresCallCounts(db)
  }

  /**
   * Connects, and brings the tables to the newest version.
   * @throws CONFIG_INVALID, STORE_MISSING, STORE_MISMATCH, STORE_UNAVAILABLE as `migrate` and `parseTarget`
   */
  static async open(options: PostgresOptions): Promise<PostgresStore> {
    const db = new PostgresDatabase(parseTarget(options.url))
    try {
      await migrate(db, { migrations: MIGRATIONS, create: options.create })
    } catch (error) {
      await db.close()
      throw error
    }
    return new PostgresStore(db, options)
  }

  openJournal(chain: ChainId, coverage: Coverage): Promise<Journal> {
    return PostgresJournal.open(this.#db, { ...this.#of(chain), coverage }, this.#loadFolder)
  }

  openReads(chain: ChainId): Promise<ChainReads> {
    return openChainReads(this.#db, this.#of(chain))
  }

  holds(chain: ChainId): Promise<boolean> {
    return hasChain(this.#db, chain)
  }

  async forget(chain: ChainId): Promise<void> {
    const lease = await takeLease(this.#db, chain)
    try {
      const { journal, reads } = chainSchemas(this.#db.target.schema, chain)
      await lease.write(async (queries) => {
        for (const schema of [journal, reads]) {
          await queries.exec(`DROP SCHEMA IF EXISTS ${pg.escapeIdentifier(schema)} CASCADE`)
        }
      })
      await this.reports.forget(chain)
      new LoadFolder(this.#loadFolder, this.#db.target, chain).remove()
    } finally {
      await lease.release()
    }
  }

  dump(): Promise<readonly string[]> {
    return dumpRecords(this.#db)
  }

  close(): Promise<void> {
    return this.#db.close()
  }

  get #loadFolder(): string {
    return this.#options.loadFolder ?? defaultLoadFolder()
  }

  #of(chain: ChainId) {
    const { classesOf, codecOf } = this.#options
    return { chain, codec: codecOf(chain), fixed: classesOf?.(chain) ?? new Map<string, Accounting>() }
  }
}
