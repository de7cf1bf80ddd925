import { assert } from '../../../core/assert.ts'
import type { Observation } from '../../../core/balance.ts'
import type { BlockRef } from '../../../core/block.ts'
import type { Coverage, Scope } from '../../../core/coverage.ts'
import { isServiceError, ServiceError } from '../../../core/errors.ts'
import type { Batch, BlockTransfers } from '../../../core/transfer.ts'
import { accountsOf } from '../../../journal/rules/accounts-of.ts'
import { adopt } from '../../../journal/rules/adopt.ts'
import { advanceClock, appendRows, noteBatch } from '../../../journal/rules/append.ts'
import { finalize } from '../../../journal/rules/finalize.ts'
import { reclassify } from '../../../journal/rules/reclassify.ts'
import { repair } from '../../../journal/rules/repair.ts'
import { rewindClock, rollBackRows } from '../../../journal/rules/rollback.ts'
import type { Work } from '../../queries/query.ts'
import { StoredAudits } from '../../queries/stored-audits.ts'
import { StoredDoubts, StoredFollows, StoredLives } from '../../queries/stored-writes.ts'
import type { WriterEngine, WriterMemory } from '../../queries/writer.ts'
import { headerValues, readHeader, readOptionalHeader, readOptionalRef } from '../../rows/header-rows.ts'
import type { AdoptionResult, Reclassification, ReclassifyOutcome, Repaired } from '../../seam/audits.ts'
import type { Heartbeat } from '../../seam/heartbeat.ts'
import type { Appended, JournalState } from '../../seam/journal-state.ts'
import type { Journal, RepairMode } from '../../seam/store.ts'
import { boundLog, guarded, int, type Row } from '../database.ts'
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
 * The writer of one chain's file: runs the plans of `src/journal/rules/`, each in one transaction. On SQLite, rows,
 * `written` and `published` change in one transaction, so `written` and `published` are always equal.
 */
export class SqliteJournal implements Journal {
  readonly audits: StoredAudits
  readonly doubts: StoredDoubts
  readonly lives: StoredLives
  readonly followed: StoredFollows
  readonly coverage: Coverage
  readonly #options: JournalOptions
  readonly bulk: SqliteBulk
  readonly #db: MovableDatabase
  readonly #file: JournalFile
  readonly #statements: JournalStatements
  readonly #accountsOf: ReturnType<typeof accountsOf>
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
    this.#accountsOf = accountsOf(options.codec)
    const { followed } = this.#file.memory
    this.coverage = followed.coverage
    const onStep = (step: JournalStep): void => this.#step(step)
    const transaction = <T>(work: () => T): T => this.#transaction(work)
    const parts = { ...options, coverage: followed.coverage, transaction, onStep }
    const engine: WriterEngine = {
      ...{ codec: options.codec, coverage: followed.coverage, fixed: options.fixed, memory: this.#file.memory, onStep },
      transact: <T>(work: (memory: WriterMemory) => Work<T>): T =>
        this.#transaction(() => this.#file.work(work(this.#file.memory))),
    }
    this.followed = new StoredFollows(engine)
    this.lives = new StoredLives(engine)
    this.doubts = new StoredDoubts(engine)
    this.audits = new StoredAudits(engine)
    const moved = (): void => this.#moved()
    this.bulk = new SqliteBulk({ ...parts, moved })
  }

  async state(): Promise<JournalState> {
    return this.#transaction(() => {
      const row = this.#clockRow()
      const written = readOptionalHeader(row)
      const finalized = readOptionalRef(row[4], row[5])
      const headers = this.#statements.headersFrom.all(finalized?.number ?? 0).map((entry) => readHeader(entry))
      return { written, published: written, finalized, headers }
    })
  }

  async append(batch: Batch): Promise<Appended> {
    const appended = this.#transaction(() => {
      const { rules } = this.#file
      const transfers = this.#file.run(appendRows(batch, rules))
      this.#step('append:rows')
      this.#file.run(advanceClock(batch, transfers))
      this.#step('append:clock')
      return { transfers, hinted: this.#file.run(noteBatch(batch, now(), rules)) }
    })
    if (this.#appends++ % APPENDS_A_LOOK === 0) {
      guarded(this.#db, () => boundLog(this.#db))
      // Once blocks are appended, nothing goes on from the log of a bulk load that ended in a crash.
      await this.bulk.end()
    }
    this.#step('append:done')
    return appended
  }

  async rollback(ancestor: BlockRef | undefined): Promise<{ readonly transfers: number }> {
    const undone = this.#transaction(() => {
      const { rules } = this.#file
      const transfers = this.#file.run(rollBackRows(ancestor?.number ?? rules.from - 1, rules))
      this.#step('rollback:rows')
      this.#file.run(rewindClock(ancestor, transfers, rules))
      return { transfers }
    })
    this.#step('rollback:done')
    return undone
  }

  async finalize(block: BlockRef): Promise<void> {
    this.#transaction(() => this.#file.run(finalize(block, this.#file.rules)))
  }

  async adopt(observations: readonly Observation[]): Promise<readonly AdoptionResult[]> {
    const results = this.#transaction(() => {
      const compared = this.#file.run(adopt(observations, this.#file.rules))
      this.#step('adopt:rows')
      return compared
    })
    this.#step('adopt:done')
    return results
  }

  async reclassify(reclassification: Reclassification): Promise<ReclassifyOutcome> {
    const outcome = this.#transaction(() => {
      const reclassified = this.#file.run(reclassify(reclassification, now(), this.#file.rules))
      this.#step('reclassify:rows')
      return reclassified
    })
    this.#step('reclassify:done')
    return outcome
  }

  async repair(blocks: readonly BlockTransfers[], mode?: RepairMode, scope?: Scope): Promise<Repaired> {
    const repaired = this.#transaction(() => {
      const how = { mode, accounts: this.#accountsOf(scope), at: now(), isLoading: isThere(this.bulk.folder) }
      const done = this.#file.run(repair(blocks, how, this.#file.rules))
      this.#step('repair:rows')
      return done
    })
    this.#step('repair:done')
    return repaired
  }

  async heartbeat(beat: Heartbeat): Promise<void> {
    this.#transaction(() => {
      const head = beat.head === undefined ? [null, null, null, null] : headerValues(beat.head)
      const counts = JSON.stringify(beat.counts)
      this.#statements.beat.run(
        beat.state,
        ...head,
        beat.caughtUpAt ?? null,
        beat.error ?? null,
        counts,
        now(),
        beat.auditError ?? null,
        // If `caughtUpAt` is set, the head is our checkpoint, so this is its hash.
        beat.caughtUpAt === undefined ? null : (head[1] ?? null),
      )
    })
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

  #step(step: JournalStep): void {
    this.#options.onStep?.(step)
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

  #clockRow(): Row {
    const row = this.#statements.clock.get()
    assert(row !== undefined, 'the clock row exists once the chain was claimed')
    return row
  }
}

function now(): number {
  return Math.floor(Date.now() / 1000)
}
