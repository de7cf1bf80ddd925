import { rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type AccountCodec, TEXT_ACCOUNTS } from '../../core/account.ts'
import type { Accounting } from '../../core/asset.ts'
import type { ChainId } from '../../core/chain.ts'
import type { Coverage } from '../../core/coverage.ts'
import { isServiceError, ServiceError } from '../../core/errors.ts'
import type { HeldTables } from '../engine/held-tables.ts'
import type { ReadEngines } from '../engine/read-engine.ts'
import type { JournalOf, RecordEngines, StoreEngine } from '../engine/store-engine.ts'
import type { WriterEngine } from '../engine/writer-engine.ts'
import { EngineStore } from '../engine-store.ts'
import type { FixedClasses } from '../queries/asset-table.ts'
import type { LedgerStep } from '../queries/ledger/ledger-steps.ts'
import type { OnDamage } from '../seam/damage.ts'
import { guardedFile, type OpenOptions, onDamage, openDatabase, type SqliteDatabase, watchFiles } from './database.ts'
import { CurrentFacts, openReader, openWriter } from './facts-file.ts'
import { fileName, isThere, MAIN_FILE, makeFolder, RUNNING_FILE, readsFile, USES_FILE } from './files.ts'
import { Generations } from './generations.ts'
import { SqliteHeldTables } from './held-tables.ts'
import { type Lease, takeLease } from './lease.ts'
import { assertLedgerNotLost } from './ledger/ledger-marker.ts'
import { LEDGER_TABLES } from './ledger/ledger-schema.ts'
import { openLedgerWriter, readLedger } from './ledger/ledgers.ts'
import { WALLET_BLOCKS } from './ledger/wallet-blocks.ts'
import { MAIN_MIGRATIONS, USES_MIGRATIONS } from './main-schema.ts'
import { MovableDatabase } from './movable-database.ts'
import { SqliteNotedEngine } from './noted-engine.ts'
import { Snapshot } from './read/snapshot.ts'
import { releaseReserve } from './reserve.ts'
import { reserveLog } from './running/reserve-log.ts'
import { RUNNING_MIGRATIONS } from './running/running-schema.ts'
import { READS_MIGRATIONS } from './schema.ts'
import { SqliteTableEngine } from './table-engine.ts'
import { bindReadsFile, mustBeFactsOf } from './write/bind-chain.ts'
import type { JournalStep } from './write/journal-options.ts'
import { SqliteWriterEngine } from './write/writer-engine.ts'

/** How a SQLite store is opened. */
export type SqliteOptions = {
  readonly folder: string
  readonly codecOf: (chain: ChainId) => AccountCodec
  /** Tokens whose accounting the configuration fixes, by `assetKey`. */
  readonly classesOf?: (chain: ChainId) => ReadonlyMap<string, Accounting>
  /** False: a missing store is not created. */
  readonly create?: boolean
  /** For tests that kill the process at a named step of a write. */
  readonly onStep?: (step: JournalStep) => void
  readonly onLedgerStep?: (step: LedgerStep) => void
}

/** A folder with one authoritative file, and for each chain one facts file and one reads file. */
export class SqliteEngine implements StoreEngine {
  readonly records: RecordEngines
  readonly walletBlocks = WALLET_BLOCKS
  readonly #options: SqliteOptions
  readonly #open: SqliteDatabase[] = []

  constructor(options: SqliteOptions) {
    this.#options = options
    const main = join(options.folder, MAIN_FILE)
    guardedFile(options.folder, () => assertLedgerNotLost(options.folder))
    if (options.create === false && !guardedFile(main, () => isThere(main))) {
      throw new ServiceError('STORE_MISSING', `there is no store in ${options.folder}: nothing was indexed there`)
    }
    guardedFile(options.folder, () => makeFolder(options.folder))
    const access = this.#database(MAIN_FILE, { migrations: MAIN_MIGRATIONS, durable: true })
    const close = (db: SqliteDatabase): void => this.#closeOne(db)
    this.records = {
      durable: new SqliteTableEngine({ open: () => access }),
      // A crash of the machine may lose the last commits, and no write waits for the disk.
      relaxed: new SqliteTableEngine({
        open: () => this.#database(MAIN_FILE, { migrations: MAIN_MIGRATIONS, durable: false }),
      }),
      uses: new SqliteTableEngine({
        open: () => this.#database(USES_FILE, { migrations: USES_MIGRATIONS, durable: false }),
        close,
      }),
      running: new SqliteTableEngine({ open: () => this.#running(), close }),
    }
  }

  async openWriter(
    { chain, coverage, isLedger }: JournalOf & { readonly coverage: Coverage },
    tell: OnDamage = ignore,
  ): Promise<WriterEngine> {
    const { folder, codecOf, onStep } = this.#options
    if (isLedger) return openLedgerWriter(folder, join(folder, MAIN_FILE), chain)
    const lease = this.#lease(chain)
    const generations = new Generations(folder, chain)
    let db: MovableDatabase | undefined
    try {
      const file = guardedFile(folder, () => generations.currentPath())
      // What an interrupted bulk load left.
      guardedFile(folder, () => generations.removeOthers())
      db = new MovableDatabase(openWriter(file))
      onDamage(db, tell)
      const parts = { db, chain, codec: codecOf(chain), coverage, lease, fixed: this.#fixed(chain), generations }
      const options = onStep === undefined ? parts : { ...parts, onStep }
      return guardedFile(file, () => new SqliteWriterEngine(options))
    } catch (error) {
      db?.close()
      lease.release()
      throw error
    }
  }

  async holds(chain: ChainId): Promise<boolean> {
    const { folder } = this.#options
    const generations = new Generations(folder, chain)
    const files = [generations.currentPath(), generations.logFolder, join(folder, readsFile(chain))]
    return files.some((file) => isThere(file))
  }

  async forget(chain: ChainId): Promise<boolean> {
    const { folder } = this.#options
    return guardedFile(folder, () => {
      this.#forget(chain)
      return isThere(join(folder, RUNNING_FILE))
    })
  }

  #forget(chain: ChainId): void {
    const lease = this.#lease(chain)
    try {
      // Delete the reads first. If this is interrupted, facts without reads do no harm, but reads without facts could
      // be taken for those of another chain.
      for (const end of ['', '-wal', '-shm']) {
        // Recursive: if a folder has the file's name, delete that too.
        rmSync(join(this.#options.folder, readsFile(chain) + end), { force: true, recursive: true })
      }
      new Generations(this.#options.folder, chain).removeAll()
    } finally {
      lease.release()
    }
  }

  async openReads({ chain, isLedger }: JournalOf, tell: OnDamage = ignore): Promise<ReadEngines> {
    return this.#orClose(() => (isLedger ? this.#readLedger(chain, tell) : this.#readChain(chain, tell)))
  }

  #readLedger(chain: ChainId, tell: OnDamage): ReadEngines {
    const db = this.#database(MAIN_FILE, LEDGER_TABLES, tell)
    return this.#guarded(db.name, () => {
      const snapshot = readLedger(db)
      return this.#reads(chain, { db, codec: TEXT_ACCOUNTS, snapshot }, tell)
    })
  }

  #readChain(chain: ChainId, tell: OnDamage): ReadEngines {
    const codec = this.#options.codecOf(chain)
    const { folder } = this.#options
    const generations = new Generations(folder, chain)
    const facts = guardedFile(
      folder,
      () => new CurrentFacts(generations, (file) => this.#openOnFullDisk(() => openReader(file))),
    )
    const { db } = facts
    onDamage(db, tell)
    this.#open.push(db)
    return this.#guarded(db.name, () => {
      mustBeFactsOf(db, chain)
      const snapshot = new Snapshot(db, { own: false, codec, fixed: this.#fixed(chain) })
      const opened = this.#open.length - 1
      const reads = this.#reads(chain, { db, codec, snapshot }, tell)
      const watched = this.#open.slice(opened)
      const follow = (isAgain: boolean): boolean => facts.follow(isAgain)
      watchFiles(watched, follow)
      db.onMoved(() => {
        mustBeFactsOf(db.connection, chain)
        this.#attachReads(db, chain)
        snapshot.moved()
        watchFiles(watched, follow)
      })
      return reads
    })
  }

  #reads(
    chain: ChainId,
    facts: { db: SqliteDatabase; codec: AccountCodec; snapshot: Snapshot },
    tell: OnDamage,
  ): ReadEngines {
    const { db, codec } = facts
    const name = readsFile(chain)
    const openReads = () => this.#database(name, { migrations: READS_MIGRATIONS, durable: false }, tell)
    const [writer, reader] = [openReads(), openReads()]
    this.#guarded(name, () => bindReadsFile(writer, chain))
    const noted = this.#guarded(name, () => new SqliteNotedEngine({ writer, reader }))
    // Holders of `reads` assets are found by joining both files.
    this.#guarded(name, () => this.#attachReads(db, chain))
    return { engine: facts.snapshot, noted, fixed: this.#fixed(chain), codec }
  }

  #attachReads(db: SqliteDatabase, chain: ChainId): void {
    db.prepare('ATTACH ? AS noted').run(join(this.#options.folder, readsFile(chain)))
  }

  async snapshot(): Promise<HeldTables> {
    return guardedFile(this.#options.folder, () => SqliteHeldTables.snapshot(this.#options.folder))
  }

  #running(): SqliteDatabase {
    const db = this.#database(RUNNING_FILE, { migrations: RUNNING_MIGRATIONS, durable: false })
    reserveLog(db)
    return db
  }

  #closeOne(db: SqliteDatabase): void {
    this.#open.splice(this.#open.indexOf(db), 1)
    db.close()
  }

  async close(): Promise<void> {
    for (const db of this.#open.splice(0)) db.close()
  }

  #fixed(chain: ChainId): FixedClasses {
    return this.#options.classesOf?.(chain) ?? new Map()
  }

  #lease(chain: ChainId): Lease {
    const file = join(this.#options.folder, `${fileName(chain)}.lease`)
    return guardedFile(file, () => takeLease(file, chain))
  }

  /** Opens a file. If the disk is full, releases the reserve and tries again. */
  #openOnFullDisk<T>(open: () => T): T {
    try {
      return open()
    } catch (error) {
      if (!isServiceError(error, 'STORE_FULL') || !releaseReserve(this.#options.folder)) throw error
      return open()
    }
  }

  /** `name`: of a file in the store's folder, or its path. */
  #guarded<T>(name: string, work: () => T): T {
    return guardedFile(resolve(this.#options.folder, name), work)
  }

  /** Runs work that opens files. If it fails, closes the files that it opened, so that it can be tried again. */
  #orClose<T>(work: () => T): T {
    const before = this.#open.length
    try {
      return work()
    } catch (error) {
      for (const db of this.#open.splice(before)) db.close()
      throw error
    }
  }

  #database(name: string, options: Tables, tell: OnDamage = ignore): SqliteDatabase {
    const db = this.#openOnFullDisk(() =>
      openDatabase({ file: join(this.#options.folder, name), cache: 'small', ...options }),
    )
    onDamage(db, tell)
    this.#open.push(db)
    return db
  }
}

/** The store in a folder. */
export class SqliteStore extends EngineStore {
  constructor(options: SqliteOptions) {
    super(new SqliteEngine(options), options)
  }
}

type Tables = Pick<OpenOptions, 'migrations' | 'parts' | 'durable'>

const ignore: OnDamage = () => undefined
