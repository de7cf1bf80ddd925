import { assert } from '../../core/assert.ts'
import type { Observation } from '../../core/balance.ts'
import type { BlockRef } from '../../core/block.ts'
import type { Coverage, Scope } from '../../core/coverage.ts'
import type { Batch, BlockTransfers } from '../../core/transfer.ts'
import type { Plan } from '../../journal/plan.ts'
import { accountsOf } from '../../journal/rules/accounts-of.ts'
import { adopt } from '../../journal/rules/adopt.ts'
import { advanceClock, appendRows, noteBatch } from '../../journal/rules/append.ts'
import { finalize } from '../../journal/rules/finalize.ts'
import type { JournalRules } from '../../journal/rules/journal-rules.ts'
import { reclassify } from '../../journal/rules/reclassify.ts'
import { repair } from '../../journal/rules/repair.ts'
import { rewindClock, rollBackRows } from '../../journal/rules/rollback.ts'
import type { OnWriterStep, WriterEngine } from '../engine/writer-engine.ts'
import { HEADER_COLUMNS, headerValues, readHeader, readOptionalHeader, readOptionalRef } from '../rows/header-rows.ts'
import type { AdoptionResult, Reclassification, ReclassifyOutcome, Repaired } from '../seam/audits.ts'
import type { BulkStore } from '../seam/bulk-load.ts'
import type { Heartbeat } from '../seam/heartbeat.ts'
import type { Appended, JournalState } from '../seam/journal-state.ts'
import type { Journal, RepairMode } from '../seam/store.ts'
import { planned, rowOf, rowsOf, type Work } from './query.ts'
import { StoredAudits } from './stored-audits.ts'
import { StoredDoubts, StoredFollows, StoredLives } from './stored-writes.ts'

const CLOCK = rowOf(`SELECT ${HEADER_COLUMNS}, finalized_number, finalized_hash FROM clock`)
const HEADERS_FROM = rowsOf(`SELECT ${HEADER_COLUMNS} FROM blocks WHERE number >= ? ORDER BY number`)
const BEAT = rowOf(
  `INSERT INTO heartbeat (one, state, head_number, head_hash, head_parent, head_timestamp, caught_up_at, error, counts,
     beat_at, audit_error, caught_up_hash) VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
   ON CONFLICT (one) DO UPDATE SET
     state = excluded.state, head_number = excluded.head_number, head_hash = excluded.head_hash,
     head_parent = excluded.head_parent, head_timestamp = excluded.head_timestamp,
     caught_up_at = coalesce(excluded.caught_up_at, heartbeat.caught_up_at),
     caught_up_hash = CASE WHEN excluded.caught_up_at IS NULL THEN heartbeat.caught_up_hash
       ELSE excluded.caught_up_hash END,
     error = excluded.error, counts = excluded.counts, beat_at = excluded.beat_at, audit_error = excluded.audit_error`,
)

/** The writer of one chain on any engine: runs the plans of `src/journal/rules/`, each in one transaction. */
export class StoredJournal implements Journal {
  readonly audits: StoredAudits
  readonly doubts: StoredDoubts
  readonly lives: StoredLives
  readonly followed: StoredFollows
  readonly coverage: Coverage
  readonly bulk?: BulkStore
  readonly #engine: WriterEngine
  readonly #step: OnWriterStep
  readonly #accountsOf: ReturnType<typeof accountsOf>

  /** `step`: for tests that end the process at a named step. */
  constructor(engine: WriterEngine, step: OnWriterStep = () => undefined) {
    this.#engine = engine
    this.#step = step
    this.#accountsOf = accountsOf(engine.codec)
    this.coverage = engine.coverage
    this.followed = new StoredFollows(engine, step)
    this.lives = new StoredLives(engine)
    this.doubts = new StoredDoubts(engine)
    this.audits = new StoredAudits(engine)
    if (engine.bulk !== undefined) this.bulk = engine.bulk
  }

  async state(): Promise<JournalState> {
    return this.#engine.transact(function* (): Work<JournalState> {
      const [row] = yield [CLOCK]
      assert(row !== undefined, 'the clock row exists once the chain was claimed')
      const written = readOptionalHeader(row)
      const finalized = readOptionalRef(row[4], row[5])
      const headers = (yield [HEADERS_FROM, finalized?.number ?? 0]).map(readHeader)
      return { written, published: written, finalized, headers }
    })
  }

  async append(batch: Batch): Promise<Appended> {
    const step = this.#step
    const appended = await this.#engine.transact(function* ({ rules }): Work<Appended> {
      const transfers = yield* planned(appendRows(batch, rules))
      step('append:rows')
      yield* planned(advanceClock(batch, transfers))
      step('append:clock')
      // What hints put in doubt was so at the last block of the batch.
      return { transfers, hinted: yield* planned(noteBatch(batch, now(), rules)) }
    })
    await this.#engine.appended(batch.through)
    step('append:done')
    return appended
  }

  async rollback(ancestor: BlockRef | undefined): Promise<{ readonly transfers: number }> {
    const step = this.#step
    const undone = await this.#engine.transact(function* ({ rules }): Work<{ readonly transfers: number }> {
      const transfers = yield* planned(rollBackRows(ancestor?.number ?? rules.from - 1, rules))
      step('rollback:rows')
      yield* planned(rewindClock(ancestor, transfers, rules))
      return { transfers }
    })
    step('rollback:done')
    return undone
  }

  async finalize(block: BlockRef): Promise<void> {
    await this.#engine.transact(({ rules }) => planned(finalize(block, rules)))
  }

  adopt(observations: readonly Observation[]): Promise<readonly AdoptionResult[]> {
    return this.#run('adopt', (rules) => adopt(observations, rules))
  }

  reclassify(reclassification: Reclassification): Promise<ReclassifyOutcome> {
    return this.#run('reclassify', (rules) => reclassify(reclassification, now(), rules))
  }

  repair(blocks: readonly BlockTransfers[], mode?: RepairMode, scope?: Scope): Promise<Repaired> {
    return this.#run('repair', (rules) => {
      const how = { mode, accounts: this.#accountsOf(scope), at: now(), isLoading: this.#engine.isLoading() }
      return repair(blocks, how, rules)
    })
  }

  async heartbeat(beat: Heartbeat): Promise<void> {
    const head = beat.head === undefined ? ([null, null, null, null] as const) : headerValues(beat.head)
    // If `caughtUpAt` is set, the head is our checkpoint, so this is its hash.
    const caughtUpHash = beat.caughtUpAt === undefined ? null : (head[1] ?? null)
    const counts = JSON.stringify(beat.counts)
    const [caughtUpAt, error, auditError] = [beat.caughtUpAt ?? null, beat.error ?? null, beat.auditError ?? null]
    const write = function* (): Work<void> {
      yield [BEAT, beat.state, ...head, caughtUpAt, error, counts, now(), auditError, caughtUpHash]
    }
    // The next one says it again.
    await this.#engine.transact(write, { durable: false })
  }

  close(): Promise<void> {
    return this.#engine.close()
  }

  /** Runs a plan that is one transaction with the steps `rows` and `done`. */
  async #run<T>(what: 'adopt' | 'reclassify' | 'repair', plan: (rules: JournalRules) => Plan<T>): Promise<T> {
    const step = this.#step
    const result = await this.#engine.transact(function* ({ rules }): Work<T> {
      const done = yield* planned(plan(rules))
      step(`${what}:rows`)
      return done
    })
    step(`${what}:done`)
    return result
  }
}

function now(): number {
  return Math.floor(Date.now() / 1000)
}
