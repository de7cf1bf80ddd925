import pg from 'pg'
import type { AccountCodec } from '../../core/account.ts'
import type { Accounting } from '../../core/asset.ts'
import type { ChainId } from '../../core/chain.ts'
import type { Coverage } from '../../core/coverage.ts'
import type { HeldTables } from '../engine/held-tables.ts'
import type { ReadEngines } from '../engine/read-engine.ts'
import type { JournalOf, RecordEngines, StoreEngine } from '../engine/store-engine.ts'
import type { WriterEngine } from '../engine/writer-engine.ts'
import { LEDGER_NATURE } from '../rows/ledger-batch.ts'
import { defaultLoadFolder, LoadFolder } from './bulk/load-folder.ts'
import { chainSchemas, hasChain } from './chain/chain-place.ts'
import { openChainReads, openLedgerReads } from './chain/open-reads.ts'
import { PostgresWriterEngine } from './chain/writer-engine.ts'
import { PostgresDatabase } from './database.ts'
import { PostgresHeldTables } from './held-tables.ts'
import { takeLease } from './lease.ts'
import { PostgresLedgerWriter } from './ledger/ledger-writer.ts'
import { WALLET_BLOCKS } from './ledger/wallet-blocks.ts'
import { migrate } from './migrate.ts'
import { STORE_TABLES } from './schema.ts'
import { PostgresTableEngine } from './table-engine.ts'
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
class PostgresEngine implements StoreEngine {
  readonly records: RecordEngines
  readonly walletBlocks = WALLET_BLOCKS
  readonly #db: PostgresDatabase
  readonly #options: PostgresOptions

  constructor(db: PostgresDatabase, options: PostgresOptions) {
    this.#db = db
    this.#options = options
    const relaxed = new PostgresTableEngine(db, { durable: false })
    const durable = new PostgresTableEngine(db, { durable: true })
    this.records = { durable, relaxed, uses: relaxed, running: relaxed }
  }

  openWriter({ chain, coverage, isLedger }: JournalOf & { readonly coverage: Coverage }): Promise<WriterEngine> {
    if (isLedger) return PostgresLedgerWriter.open(this.#db, chain)
    return PostgresWriterEngine.open(this.#db, { ...this.#of(chain), coverage }, this.#loadFolder)
  }

  openReads({ chain, isLedger }: JournalOf): Promise<ReadEngines> {
    if (isLedger) return openLedgerReads(this.#db, { chain, ...LEDGER_NATURE })
    return openChainReads(this.#db, this.#of(chain))
  }

  holds(chain: ChainId): Promise<boolean> {
    return hasChain(this.#db, chain)
  }

  async forget(chain: ChainId): Promise<boolean> {
    const lease = await takeLease(this.#db, chain)
    try {
      const { journal, reads } = chainSchemas(this.#db.target.schema, chain)
      await lease.write(async (queries) => {
        for (const schema of [journal, reads]) {
          await queries.exec(`DROP SCHEMA IF EXISTS ${pg.escapeIdentifier(schema)} CASCADE`)
        }
      })
      new LoadFolder(this.#loadFolder, this.#db.target, chain).remove()
      return true
    } finally {
      await lease.release()
    }
  }

  snapshot(): Promise<HeldTables> {
    return PostgresHeldTables.snapshot(this.#db.target)
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

/**
 * Connects to a store, and brings its tables to the newest version.
 * @throws CONFIG_INVALID, STORE_MISSING, STORE_MISMATCH, STORE_UNAVAILABLE as `migrate` and `parseTarget`
 */
export async function openPostgres(options: PostgresOptions): Promise<StoreEngine> {
  const db = new PostgresDatabase(parseTarget(options.url))
  try {
    await migrate(db, { ...STORE_TABLES, create: options.create })
  } catch (error) {
    await db.close()
    throw error
  }
  return new PostgresEngine(db, options)
}
