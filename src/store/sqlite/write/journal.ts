import { assert } from '../../../core/assert.ts'
import type { Observation } from '../../../core/balance.ts'
import type { BlockRef } from '../../../core/block.ts'
import type { Coverage, Scope } from '../../../core/coverage.ts'
import { isServiceError, ServiceError } from '../../../core/errors.ts'
import type { Batch, BlockTransfers } from '../../../core/transfer.ts'
import { encodeHash } from '../../../journal/hash-codec.ts'
import type { AdoptionResult, Reclassification, ReclassifyOutcome, Repaired } from '../../seam/audits.ts'
import type { Heartbeat } from '../../seam/heartbeat.ts'
import type { Appended, JournalState } from '../../seam/journal-state.ts'
import type { Journal, RepairMode } from '../../seam/store.ts'
import { boundLog, guarded, int, type Row } from '../database.ts'
import { FileIdentity } from '../file-identity.ts'
import { isThere } from '../files.ts'
import type { MovableDatabase } from '../movable-database.ts'
import { headerValues, readHeader, readOptionalHeader, readOptionalRef } from '../rows/header-rows.ts'
import { SqliteAudits } from './audit-store.ts'
import { bindToChain } from './bind-chain.ts'
import { SqliteBulk } from './bulk-store.ts'
import { SqliteDoubts } from './doubt-store.ts'
import { SqliteFollows } from './follow-store.ts'
import { type JournalOptions, type JournalStep, NAMED_BELOW_FINAL } from './journal-options.ts'
import { type JournalStatements, prepareJournal } from './journal-statements.ts'
import { createWriters, type JournalWriters } from './journal-writers.ts'
import { SqliteLives } from './life-store.ts'
import { OwnBlocks } from './own-blocks.ts'

/** Appends between two checks of the file's size, and of what is left of a bulk load. */
const APPENDS_A_LOOK = 8

/**
 * The writer of one chain's file. On SQLite, rows, `written` and `published` change in one transaction, so `written`
 * and `published` are always equal.
 */
export class SqliteJournal implements Journal {
  readonly audits: SqliteAudits
  readonly doubts: SqliteDoubts
  readonly lives: SqliteLives
  readonly followed: SqliteFollows
  readonly coverage: Coverage
  readonly #options: JournalOptions
  readonly bulk: SqliteBulk
  readonly #db: MovableDatabase
  readonly #writers: JournalWriters
  readonly #statements: JournalStatements
  readonly #blocks: OwnBlocks
  readonly #fence: number
  #identity: FileIdentity
  #appends = 0

  constructor(options: JournalOptions) {
    this.#options = options
    this.#db = options.db
    this.#fence = guarded(options.db, () => bindToChain(options))
    const { db } = options
    this.#identity = new FileIdentity(db.name)
    this.#writers = createWriters(options, (step) => this.#step(step))
    this.#statements = prepareJournal(db)
    this.#blocks = new OwnBlocks(this.#statements, options.coverage.from)
    const { doubts, followed } = this.#writers
    this.coverage = followed.coverage
    const { keeps } = followed.test
    const onStep = (step: JournalStep): void => this.#step(step)
    const transaction = <T>(work: () => T): T => this.#transaction(work)
    const parts = { ...options, ...this.#writers, coverage: followed.coverage, keeps, transaction }
    const places = { statements: this.#statements, blocks: this.#blocks, named: NAMED_BELOW_FINAL, onStep }
    this.followed = new SqliteFollows({ ...this.#writers, ...places, transaction })
    this.lives = new SqliteLives(parts)
    this.doubts = new SqliteDoubts({ ...parts, writer: doubts })
    this.audits = new SqliteAudits(parts)
    const moved = (): void => this.#moved()
    this.bulk = new SqliteBulk({ ...options, coverage: followed.coverage, transaction, moved, onStep })
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
      const transfers = this.#writers.batches.append(batch)
      if (batch.headers.length > 0)
        this.#writers.followed.appendedWhole({ first: batch.first, through: batch.through.number })
      return { transfers, hinted: this.#writers.hints.note(batch.blocks) }
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
      const clock = ancestor === undefined ? this.#beforeAll() : headerValues(this.#blocks.get(ancestor))
      const transfers = this.#writers.rollback.undo(ancestor?.number ?? this.#options.coverage.from - 1)
      this.#writers.assets.forget()
      this.#step('rollback:rows')
      this.#statements.setClock.run(...clock, -transfers)
      return { transfers }
    })
    this.#step('rollback:done')
    return undone
  }

  async finalize(block: BlockRef): Promise<void> {
    this.#transaction(() => {
      const before = readOptionalRef(this.#clockRow()[4], this.#clockRow()[5])
      if (before !== undefined && before.number >= block.number) return
      this.#statements.setFinalized.run(block.number, encodeHash(block.hash))
      this.#statements.forgetLinks.run((before?.number ?? 0) - NAMED_BELOW_FINAL, block.number - NAMED_BELOW_FINAL)
    })
  }

  async adopt(observations: readonly Observation[]): Promise<readonly AdoptionResult[]> {
    const results = this.#transaction(() => {
      const compared = observations.map((read) => this.#compare(read))
      this.#step('adopt:rows')
      return compared
    })
    this.#step('adopt:done')
    return results
  }

  async reclassify(reclassification: Reclassification): Promise<ReclassifyOutcome> {
    const outcome = this.#transaction(() => {
      if (!this.#blocks.holds(reclassification.block)) return 'not_canonical'
      const turned = this.#writers.reclassifier.reclassify(reclassification, now())
      this.#step('reclassify:rows')
      return turned
    })
    this.#step('reclassify:done')
    return outcome
  }

  async repair(blocks: readonly BlockTransfers[], mode?: RepairMode, scope?: Scope): Promise<Repaired> {
    const repaired = this.#transaction(() => {
      const ours = blocks.filter((block) => this.#blocks.mayHold(block))
      const { inserted, removed, changed, accounts } = this.#writers.repair.replace(ours, { mode, scope })
      if (inserted + removed > 0) this.#statements.repaired.run(inserted - removed)
      if (isThere(this.bulk.folder)) for (const { number } of changed) this.#statements.noteRepaired.run(number)
      this.#step('repair:rows')
      return { compared: ours.length, inserted, removed, changed, accounts }
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
      // A failed checkpoint loses nothing: what stays in the log is read from there.
      guarded(this.#db, () => this.#db.pragma('wal_checkpoint(TRUNCATE)'))
    } catch (error) {
      if (!isServiceError(error)) throw error
    } finally {
      this.#db.close()
      this.#options.lease.release()
    }
  }

  #compare(read: Observation): AdoptionResult {
    const { number } = read.block
    if (this.#blocks.holds(read.block)) return this.#writers.adopter.compare(read)
    const [finalized] = this.#clockRow().slice(4)
    const forgotten =
      finalized !== null && number <= int(finalized) && this.#statements.headerAt.get(number) === undefined
    return forgotten ? FORGOTTEN : NOT_CANONICAL
  }

  /** The clock's columns before the first block. */
  #beforeAll(): readonly null[] {
    assert(this.#clockRow()[4] === null, 'a final block is never rolled back')
    return [null, null, null, null]
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
      const done = work()
      this.#writers.doubts.publish()
      return done
    })
    try {
      return guarded(this.#db, () => {
        this.#identity.check()
        return run.immediate()
      })
    } catch (error) {
      this.#forget()
      throw error
    }
  }

  /** Forgets what is remembered of the file's rows. */
  #forget(): void {
    this.#writers.doubts.undone()
    this.#writers.assets.forget()
    this.#writers.followed.reload()
  }

  /** The chain's file is another generation now. */
  #moved(): void {
    this.#identity = new FileIdentity(this.#db.name)
    this.#forget()
  }

  #clockRow(): Row {
    const row = this.#statements.clock.get()
    assert(row !== undefined, 'the clock row exists once the chain was claimed')
    return row
  }
}

const NOT_CANONICAL: AdoptionResult = { outcome: 'not_canonical' }
const FORGOTTEN: AdoptionResult = { outcome: 'forgotten' }

function now(): number {
  return Math.floor(Date.now() / 1000)
}
