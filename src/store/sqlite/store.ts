import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type AccountCodec, TEXT_ACCOUNTS } from '../../core/account.ts'
import type { Accounting } from '../../core/asset.ts'
import type { Header } from '../../core/block.ts'
import type { ChainId } from '../../core/chain.ts'
import type { Coverage } from '../../core/coverage.ts'
import type { LedgerAudit, LedgerJournal, LedgerReads } from '../ledger-store.ts'
import type { ChainReads, Journal, Store } from '../store.ts'
import type { FixedClasses } from './asset-table.ts'
import { type OpenOptions, openDatabase, type SqliteDatabase } from './database.ts'
import { type JournalStep, SqliteJournal } from './journal.ts'
import { SqliteKeys } from './keys.ts'
import { takeLease } from './lease.ts'
import { SqliteLedgerAudit } from './ledger-audit.ts'
import { type LedgerStep, SqliteLedgerJournal } from './ledger-journal.ts'
import { SqliteLedgerReads } from './ledger-reads.ts'
import { SqliteObservations } from './observations.ts'
import { SqliteReads } from './reads.ts'
import { CHAIN_MIGRATIONS, LEDGER_MIGRATIONS, MAIN_MIGRATIONS, READS_MIGRATIONS } from './schema.ts'
import { Snapshot } from './snapshot.ts'
import { SqliteTokens } from './token-store.ts'

export type SqliteOptions = {
  readonly folder: string
  readonly codecOf: (chain: ChainId) => AccountCodec
  /** Tokens whose accounting the configuration fixes, by `assetKey`. */
  readonly classesOf?: (chain: ChainId) => ReadonlyMap<string, Accounting>
  /** For tests that end the process at a named step of a write. */
  readonly onStep?: (step: JournalStep) => void
  readonly onLedgerStep?: (step: LedgerStep) => void
}

/** The file of what is authoritative, and the tables that a ledger has in it. */
const MAIN_FILE = 'steelyard.db'
const LEDGER_TABLES = {
  migrations: MAIN_MIGRATIONS,
  parts: { chain: CHAIN_MIGRATIONS, ledger: LEDGER_MIGRATIONS },
  durable: true,
}

/** A folder: one file for what is authoritative, and for each chain one of facts and one of reads. */
export class SqliteStore implements Store {
  readonly keys: SqliteKeys
  readonly #options: SqliteOptions
  readonly #open: SqliteDatabase[] = []

  constructor(options: SqliteOptions) {
    this.#options = options
    mkdirSync(options.folder, { recursive: true })
    this.keys = new SqliteKeys(this.#database(MAIN_FILE, { migrations: MAIN_MIGRATIONS, durable: true }))
  }

  async openJournal(chain: ChainId, coverage: Coverage): Promise<Journal> {
    const { folder, codecOf, onStep } = this.#options
    const lease = takeLease(join(folder, `${fileName(chain)}.lease`), chain)
    try {
      const file = join(folder, `${fileName(chain)}.db`)
      const db = openDatabase({ file, migrations: CHAIN_MIGRATIONS, cache: 'writer', durable: false })
      const steps = onStep === undefined ? {} : { onStep }
      return new SqliteJournal({
        db,
        chain,
        codec: codecOf(chain),
        coverage,
        lease,
        fixed: this.#fixed(chain),
        ...steps,
      })
    } catch (error) {
      lease.release()
      throw error
    }
  }

  async forget(chain: ChainId): Promise<void> {
    const { folder } = this.#options
    const lease = takeLease(join(folder, `${fileName(chain)}.lease`), chain)
    try {
      // The reads first: facts without them are no worse than before, reads without facts are of another chain.
      for (const name of [`${fileName(chain)}.reads.db`, `${fileName(chain)}.db`]) {
        for (const end of ['', '-wal', '-shm']) rmSync(join(folder, name + end), { force: true })
      }
    } finally {
      lease.release()
    }
  }

  async openReads(chain: ChainId): Promise<ChainReads> {
    const codec = this.#options.codecOf(chain)
    const db = this.#database(`${fileName(chain)}.db`, { migrations: CHAIN_MIGRATIONS, durable: false })
    return this.#reads(chain, { db, codec, snapshot: new Snapshot(db) })
  }

  async openLedgerJournal(chain: ChainId, genesis: Header): Promise<LedgerJournal> {
    const file = join(this.#options.folder, MAIN_FILE)
    const onStep = this.#options.onLedgerStep
    const db = openDatabase({ file, ...LEDGER_TABLES, cache: 'ledger' })
    return new SqliteLedgerJournal({ db, chain, genesis, ...(onStep === undefined ? {} : { onStep }) })
  }

  async openLedgerReads(chain: ChainId): Promise<{ ledger: LedgerReads; chain: ChainReads }> {
    const db = this.#database(MAIN_FILE, LEDGER_TABLES)
    const snapshot = new Snapshot(db, true)
    const reads = this.#reads(chain, { db, codec: TEXT_ACCOUNTS, snapshot })
    return { ledger: new SqliteLedgerReads(db, snapshot), chain: reads }
  }

  async openLedgerAudit(chain: ChainId, replica: string): Promise<LedgerAudit> {
    const db = openDatabase({ file: join(this.#options.folder, MAIN_FILE), ...LEDGER_TABLES, cache: 'small' })
    return new SqliteLedgerAudit(db, { chain, replica: join(replica, MAIN_FILE) })
  }

  #reads(chain: ChainId, facts: { db: SqliteDatabase; codec: AccountCodec; snapshot: Snapshot }): SqliteReads {
    const { db, codec } = facts
    const openReads = () =>
      this.#database(`${fileName(chain)}.reads.db`, { migrations: READS_MIGRATIONS, durable: false })
    const [reads, reader] = [openReads(), openReads()]
    const observations = new SqliteObservations({ writer: reads, reader }, codec)
    const tokens = new SqliteTokens(reads, db)
    return new SqliteReads({ ...facts, observations, tokens, fixed: this.#fixed(chain) })
  }

  async close(): Promise<void> {
    for (const db of this.#open.splice(0)) db.close()
  }

  #fixed(chain: ChainId): FixedClasses {
    return this.#options.classesOf?.(chain) ?? new Map()
  }

  #database(name: string, options: Pick<OpenOptions, 'migrations' | 'parts' | 'durable'>): SqliteDatabase {
    const db = openDatabase({ file: join(this.#options.folder, name), cache: 'small', ...options })
    this.#open.push(db)
    return db
  }
}

/** A chain's id as a file name: `eip155:1` is `eip155_1`. Ids hold nothing else that a file system minds. */
function fileName(chain: ChainId): string {
  return chain.replace(':', '_')
}
