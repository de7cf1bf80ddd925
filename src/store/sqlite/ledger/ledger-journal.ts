import { TEXT_ACCOUNTS } from '../../../core/account.ts'
import { assert } from '../../../core/assert.ts'
import type { Header } from '../../../core/block.ts'
import type { ChainId } from '../../../core/chain.ts'
import type { LedgerStep } from '../../engine/ledger-engine.ts'
import { LedgerLookups } from '../../queries/ledger/ledger-lookups.ts'
import { beginLedger, decideAndWrite, type LedgerWriting, touchLedger } from '../../queries/ledger/ledger-writes.ts'
import { LEDGER_COVERAGE } from '../../rows/ledger-batch.ts'
import type {
  AcceptedClock,
  Decided,
  LedgerFacts,
  LedgerJournal,
  LedgerNeeds,
  LedgerWrites,
} from '../../seam/ledger-store.ts'
import { guarded, type SqliteDatabase } from '../database.ts'
import { FileIdentity } from '../file-identity.ts'
import { hasRoom, noRoom } from '../reserve.ts'
import { bindToChain } from '../write/bind-chain.ts'
import { JournalFile } from '../write/journal-file.ts'
import { readAcceptedClock } from './accepted-clock.ts'
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

type Writes = { -readonly [Part in keyof LedgerWrites]: LedgerWrites[Part] }

/** What a ledger's journal needs. */
export type LedgerJournalOptions = {
  /** A durable connection to the authoritative file, used only by this journal. */
  readonly db: SqliteDatabase
  readonly folder: string
  readonly chain: ChainId
  /** The first block of a new ledger. */
  readonly genesis: Header
  readonly onStep: ((step: LedgerStep) => void) | undefined
}

/** Writes an issuer's ledger: its operations, and their transfers and balances through the rules of a chain's journal. */
export class SqliteLedgerJournal implements LedgerJournal {
  readonly #db: SqliteDatabase
  readonly #store: { readonly folder: string; readonly chain: ChainId }
  readonly #marker: LedgerMarker
  readonly #identity: FileIdentity
  readonly #lookups = new LedgerLookups()
  readonly #file: JournalFile
  readonly #step: (step: LedgerStep) => void
  readonly #writes: Writes = {
    commits: 0,
    operations: 0,
    checkpoints: 0,
    checkpointsFailed: 0,
    checkpointError: undefined,
  }

  constructor({ db, folder, chain, genesis, onStep }: LedgerJournalOptions) {
    this.#store = { folder, chain }
    this.#marker = new LedgerMarker(folder, chain)
    this.#db = db
    this.#step = onStep ?? (() => undefined)
    this.#file = new JournalFile(db, { codec: TEXT_ACCOUNTS, coverage: LEDGER_COVERAGE, fixed: new Map() })
    guarded(db, () => {
      assert(db.pragma('synchronous', { simple: true }) === FULL, 'a ledger commit is on disk')
      db.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`)
      this.#marker.check({
        begun: db.prepare('SELECT 1 FROM ledger').get() !== undefined,
        hashAt: (number) => this.#file.work(this.#lookups.header(number))?.hash,
      })
      bindToChain({ db, chain, coverage: LEDGER_COVERAGE, codec: TEXT_ACCOUNTS })
      db.transaction(() => this.#file.work(beginLedger(genesis, this.#writing))).immediate()
      this.#marker.write(this.#head)
    })
    this.#identity = new FileIdentity(db.name)
  }

  get writes(): LedgerWrites {
    return { ...this.#writes }
  }

  async commit<T>(needs: LedgerNeeds, decide: (facts: LedgerFacts) => Decided<T>): Promise<T> {
    const run = this.#db.transaction(() => this.#file.work(decideAndWrite(this.#writing, needs, decide)))
    this.#identity.check()
    const { blocks, repeats, result } = this.#undoable(() => run.immediate())
    // If the file was removed meanwhile, the commit is lost and must not be reported as done.
    this.#identity.check()
    const last = blocks.at(-1)
    if (last !== undefined) this.#marker.write(last.block)
    if (blocks.length > 0 || repeats.length > 0) this.#committed(blocks.length)
    return result
  }

  async probe({ write }: { readonly write: boolean }): Promise<void> {
    this.#identity.check()
    if (!write) return
    if (!hasRoom(this.#store.folder)) throw noRoom(this.#store.folder)
    this.#undoable(() => this.#file.work(touchLedger()))
  }

  async lastTime(): Promise<number> {
    return this.#undoable(() => this.#head.timestamp)
  }

  acceptedClock(): AcceptedClock | undefined {
    return readAcceptedClock(this.#store.folder, this.#store.chain)
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

  get #writing(): LedgerWriting {
    return { lookups: this.#lookups, rules: this.#file.rules, step: this.#step }
  }

  get #head(): Header {
    return this.#file.work(this.#lookups.head()).header
  }

  #committed(operations: number): void {
    this.#step('ledger:done')
    this.#writes.commits += 1
    this.#writes.operations += operations
    if (this.#writes.commits % CHECKPOINT_COMMITS !== 0) return
    this.#checkpoint('PASSIVE')
  }

  /** Copies the log into the file. The log itself is on disk: a failure loses nothing, but the log grows. */
  #checkpoint(mode: 'PASSIVE' | 'TRUNCATE'): void {
    try {
      // 1 if another connection is running a checkpoint.
      const busy = this.#db.pragma(`wal_checkpoint(${mode})`, { simple: true })
      if (busy === 0) this.#writes.checkpoints += 1
    } catch (error) {
      this.#writes.checkpointsFailed += 1
      this.#writes.checkpointError = error instanceof Error ? error.message : String(error)
    }
  }

  #undoable<T>(work: () => T): T {
    try {
      return guarded(this.#db, work)
    } catch (error) {
      this.#file.forget()
      throw error
    }
  }
}
