import { assert } from '../../../core/assert.ts'
import type { BlockRef } from '../../../core/block.ts'
import type { ChainId } from '../../../core/chain.ts'
import { isServiceError } from '../../../core/errors.ts'
import type { Checkpoints, WriterEngine } from '../../engine/writer-engine.ts'
import { LedgerLookups } from '../../queries/ledger/ledger-lookups.ts'
import type { Work } from '../../queries/query.ts'
import type { WriterMemory } from '../../queries/writer.ts'
import { LEDGER_NATURE } from '../../rows/ledger-batch.ts'
import { guarded, type SqliteDatabase } from '../database.ts'
import { FileIdentity } from '../file-identity.ts'
import { hasRoom, noRoom } from '../reserve.ts'
import { bindToChain } from '../write/bind-chain.ts'
import { JournalFile } from '../write/journal-file.ts'
import { LedgerMarker } from './ledger-marker.ts'

/**
 * Commits between two checkpoints of the write-ahead log: about 10 MB, so a checkpoint takes about as long as a commit.
 */
const CHECKPOINT_COMMITS = 50

/**
 * How long a commit waits for another process that is writing the file. Each write takes milliseconds, but many may
 * queue.
 */
const BUSY_TIMEOUT_MS = 30_000

/** `PRAGMA synchronous` reports FULL as this number: every commit waits for the disk. */
const FULL = 2

/** Where a ledger is. `db`: a durable connection to the authoritative file of the folder, used only by this writer. */
export type LedgerFile = { readonly db: SqliteDatabase; readonly folder: string; readonly chain: ChainId }

/** Runs the work of a ledger's writer on the authoritative file, which it shares with other processes. */
export class SqliteLedgerWriter implements WriterEngine {
  readonly codec = LEDGER_NATURE.codec
  readonly coverage = LEDGER_NATURE.coverage
  readonly fixed = LEDGER_NATURE.fixed
  readonly memory: WriterMemory
  readonly checkpoints: { -readonly [Part in keyof Checkpoints]: Checkpoints[Part] } = {
    checkpoints: 0,
    checkpointsFailed: 0,
    checkpointError: undefined,
  }
  readonly #db: SqliteDatabase
  readonly #folder: string
  readonly #marker: LedgerMarker
  readonly #identity: FileIdentity
  readonly #file: JournalFile
  #commits = 0
  /** The last write found the disk full. */
  #wasFull = false

  constructor({ db, folder, chain }: LedgerFile) {
    this.#db = db
    this.#folder = folder
    this.#marker = new LedgerMarker(folder, chain)
    this.#file = new JournalFile(db, LEDGER_NATURE, true)
    this.memory = this.#file.memory
    guarded(db, () => {
      assert(db.pragma('synchronous', { simple: true }) === FULL, 'a ledger commit is on disk')
      db.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`)
      this.#marker.check({
        begun: db.prepare('SELECT 1 FROM ledger').get() !== undefined,
        hashAt: (number) => this.#file.work(new LedgerLookups().header(number))?.hash,
      })
      bindToChain({ db, chain, ...LEDGER_NATURE })
    })
    this.#identity = new FileIdentity(db.name)
  }

  transact<T>(work: (memory: WriterMemory) => Work<T>): T {
    this.#identity.check()
    const result = this.#run(this.#db.transaction(() => this.#file.work(work(this.memory))))
    // If the file was removed meanwhile, what was committed is lost and must not be reported as done.
    this.#identity.check()
    return result
  }

  appended(head: BlockRef): void {
    this.#marker.write(head)
    this.#commits += 1
    if (this.#commits % CHECKPOINT_COMMITS === 0) this.#checkpoint('PASSIVE')
  }

  isLoading(): boolean {
    return false
  }

  async close(): Promise<void> {
    guarded(this.#db, () => {
      // A TRUNCATE checkpoint holds the write lock while it waits for readers, so do not wait. Frames that stay in the
      // log are still read from it, and the next writer copies them.
      this.#db.pragma('busy_timeout = 0')
      this.#checkpoint('TRUNCATE')
      this.#db.close()
    })
  }

  #run<T>(transaction: { immediate: () => T }): T {
    try {
      // A disk on which only its last pages are free stays full for a ledger.
      if (this.#wasFull && !hasRoom(this.#folder)) throw noRoom(this.#folder)
      const result = guarded(this.#db, () => transaction.immediate())
      this.#wasFull = false
      return result
    } catch (error) {
      this.#wasFull ||= isServiceError(error, 'STORE_FULL')
      this.#file.forget()
      throw error
    }
  }

  /** Copies the log into the file. The log itself is on disk: a failure loses nothing, but the log grows. */
  #checkpoint(mode: 'PASSIVE' | 'TRUNCATE'): void {
    try {
      // 1 if another connection is running a checkpoint.
      const busy = this.#db.pragma(`wal_checkpoint(${mode})`, { simple: true })
      if (busy === 0) this.checkpoints.checkpoints += 1
    } catch (error) {
      this.checkpoints.checkpointsFailed += 1
      this.checkpoints.checkpointError = error instanceof Error ? error.message : String(error)
    }
  }
}
