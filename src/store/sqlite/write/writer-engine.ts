import type { AccountCodec } from '../../../core/account.ts'
import type { Coverage } from '../../../core/coverage.ts'
import { isServiceError, ServiceError } from '../../../core/errors.ts'
import type { WriterEngine } from '../../engine/writer-engine.ts'
import type { FixedClasses } from '../../queries/asset-table.ts'
import type { Work } from '../../queries/query.ts'
import type { WriterMemory } from '../../queries/writer.ts'
import { boundLog, guarded, int } from '../database.ts'
import { FileIdentity } from '../file-identity.ts'
import { isThere } from '../files.ts'
import type { MovableDatabase } from '../movable-database.ts'
import { bindToChain } from './bind-chain.ts'
import { SqliteBulk } from './bulk-store.ts'
import { JournalFile } from './journal-file.ts'
import type { JournalOptions, JournalStep } from './journal-options.ts'
import { type JournalStatements, prepareJournal } from './journal-statements.ts'

/** Appends between two checks of the file's size, and of what is left of a bulk load. */
const APPENDS_A_LOOK = 8

/**
 * Runs the work of one chain's writer on its file. Rows, `written` and `published` change in one transaction, so `written` and
 * `published` are always equal.
 */
export class SqliteWriterEngine implements WriterEngine {
  readonly codec: AccountCodec
  readonly coverage: Coverage
  readonly fixed: FixedClasses
  readonly memory: WriterMemory
  readonly bulk: SqliteBulk
  readonly #options: JournalOptions
  readonly #db: MovableDatabase
  readonly #file: JournalFile
  readonly #statements: JournalStatements
  readonly #fence: number
  #identity: FileIdentity
  #appends = 0

  constructor(options: JournalOptions) {
    this.#options = options
    this.#db = options.db
    this.#fence = guarded(options.db, () => bindToChain(options))
    const { db } = options
    this.#identity = new FileIdentity(db.name)
    this.#file = new JournalFile(db, options)
    this.#statements = prepareJournal(db)
    this.codec = options.codec
    this.fixed = options.fixed
    this.memory = this.#file.memory
    this.coverage = this.memory.followed.coverage
    const onStep = (step: JournalStep): void => options.onStep?.(step)
    const transaction = <T>(work: () => T): T => this.#transaction(work)
    const moved = (): void => this.#moved()
    this.bulk = new SqliteBulk({ ...options, coverage: this.coverage, transaction, onStep, moved })
  }

  transact<T>(work: (memory: WriterMemory) => Work<T>): T {
    return this.#transaction(() => this.#file.work(work(this.memory)))
  }

  async appended(): Promise<void> {
    if (this.#appends++ % APPENDS_A_LOOK !== 0) return
    guarded(this.#db, () => boundLog(this.#db))
    // Once blocks are appended, nothing goes on from the log of a bulk load that ended in a crash.
    await this.bulk.end()
  }

  isLoading(): boolean {
    return isThere(this.bulk.folder)
  }

  async close(): Promise<void> {
    try {
      // A checkpoint waits for readers, and this thread's own may have a snapshot until the end of the tick: do not wait for
      // them. What stays in the log is read from there.
      guarded(this.#db, () => {
        this.#db.pragma('busy_timeout = 0')
        this.#db.pragma('wal_checkpoint(TRUNCATE)')
      })
    } catch (error) {
      if (!isServiceError(error)) throw error
    } finally {
      this.#db.close()
      this.#options.lease.release()
    }
  }

  /** Runs work in one transaction. First checks that no other writer has taken over the chain. */
  #transaction<T>(work: () => T): T {
    const { chain } = this.#options
    const run = this.#db.transaction(() => {
      const fence = int(this.#statements.fence.get())
      if (fence !== this.#fence) throw new ServiceError('LEASE_LOST', `another process took over ${chain}`)
      return work()
    })
    try {
      return guarded(this.#db, () => {
        this.#identity.check()
        return run.immediate()
      })
    } catch (error) {
      this.#file.forget()
      throw error
    }
  }

  /** The chain's file is another generation now. */
  #moved(): void {
    this.#identity = new FileIdentity(this.#db.name)
    this.#file.forget()
  }
}
