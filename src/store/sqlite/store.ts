import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { AccountCodec } from '../../core/account.ts'
import type { Accounting } from '../../core/asset.ts'
import type { ChainId } from '../../core/chain.ts'
import type { Coverage } from '../../core/coverage.ts'
import type { ChainReads, Journal, Store } from '../store.ts'
import type { FixedClasses } from './asset-table.ts'
import { guarded, type OpenOptions, openDatabase, type SqliteDatabase } from './database.ts'
import { type JournalStep, SqliteJournal } from './journal.ts'
import { SqliteKeys } from './keys.ts'
import { takeLease } from './lease.ts'
import type { LedgerStep } from './ledger-journal.ts'
import { SqliteLedgers } from './ledgers.ts'
import { SqliteObservations } from './observations.ts'
import { SqliteReads } from './reads.ts'
import { CHAIN_MIGRATIONS, MAIN_MIGRATIONS, READS_MIGRATIONS } from './schema.ts'
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

/** The file of what is authoritative. */
const MAIN_FILE = 'steelyard.db'

/** A folder: one file for what is authoritative, and for each chain one of facts and one of reads. */
export class SqliteStore implements Store {
  readonly keys: SqliteKeys
  readonly ledgers: SqliteLedgers
  readonly #options: SqliteOptions
  readonly #open: SqliteDatabase[] = []

  constructor(options: SqliteOptions) {
    this.#options = options
    this.keys = guarded(() => {
      mkdirSync(options.folder, { recursive: true })
      return new SqliteKeys(this.#database(MAIN_FILE, { migrations: MAIN_MIGRATIONS, durable: true }))
    })
    this.ledgers = new SqliteLedgers({
      fileIn: (folder) => join(folder, MAIN_FILE),
      folder: options.folder,
      onStep: options.onLedgerStep,
      open: (tables) => this.#database(MAIN_FILE, tables),
      readsOf: (chain, facts) => this.#reads(chain, facts),
    })
  }

  async openJournal(chain: ChainId, coverage: Coverage): Promise<Journal> {
    return guarded(() => this.#openJournal(chain, coverage))
  }

  #openJournal(chain: ChainId, coverage: Coverage): Journal {
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
    guarded(() => this.#forget(chain))
  }

  #forget(chain: ChainId): void {
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
    return guarded(() =>
      this.#reads(chain, { db, codec, snapshot: new Snapshot(db, { own: false, nobody: codec.nobody }) }),
    )
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
