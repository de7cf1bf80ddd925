import { assert } from '../../../core/assert.ts'
import type { Observation } from '../../../core/balance.ts'
import type { BlockRef } from '../../../core/block.ts'
import type { Coverage, Scope } from '../../../core/coverage.ts'
import type { Batch, BlockTransfers } from '../../../core/transfer.ts'
import type { Plan } from '../../../journal/plan.ts'
import { accountsOf } from '../../../journal/rules/accounts-of.ts'
import { adopt } from '../../../journal/rules/adopt.ts'
import { advanceClock, appendRows, noteBatch } from '../../../journal/rules/append.ts'
import { finalize } from '../../../journal/rules/finalize.ts'
import type { JournalRules } from '../../../journal/rules/journal-rules.ts'
import { reclassify } from '../../../journal/rules/reclassify.ts'
import { repair } from '../../../journal/rules/repair.ts'
import { rewindClock, rollBackRows } from '../../../journal/rules/rollback.ts'
import { planned, type Work } from '../../queries/query.ts'
import { StoredAudits } from '../../queries/stored-audits.ts'
import { StoredDoubts, StoredFollows, StoredLives } from '../../queries/stored-writes.ts'
import { type WriterEngine, WriterMemory } from '../../queries/writer.ts'
import {
  HEADER_COLUMNS,
  headerValues,
  readHeader,
  readOptionalHeader,
  readOptionalRef,
} from '../../rows/header-rows.ts'
import type { AdoptionResult, Reclassification, ReclassifyOutcome, Repaired } from '../../seam/audits.ts'
import type { Heartbeat } from '../../seam/heartbeat.ts'
import type { Appended, JournalState } from '../../seam/journal-state.ts'
import type { Journal, RepairMode } from '../../seam/store.ts'
import { type BulkParts, PostgresBulk } from '../bulk/bulk-store.ts'
import { LoadFolder } from '../bulk/load-folder.ts'
import type { PostgresDatabase, Transaction } from '../database.ts'
import { type Lease, takeLease } from '../lease.ts'
import { bindToChain } from './bind-chain.ts'
import { chainSchemas, isSpread, makeChain } from './chain-place.ts'
import type { JournalOf } from './journal-of.ts'
import { runWork } from './run-query.ts'

/**
 * The writer of one chain: runs the plans of `src/journal/rules/`, each in one transaction.
 */
export class PostgresJournal implements Journal {
  readonly audits: StoredAudits
  readonly doubts: StoredDoubts
  readonly lives: StoredLives
  readonly followed: StoredFollows
  readonly coverage: Coverage
  readonly bulk?: PostgresBulk
  readonly #lease: Lease
  readonly #memory: WriterMemory
  readonly #accountsOf: ReturnType<typeof accountsOf>
  #turn: Promise<unknown> = Promise.resolve()

  private constructor(of: JournalOf, lease: Lease, { memory, load }: Opened) {
    this.#lease = lease
    this.#memory = memory
    this.#accountsOf = accountsOf(of.codec)
    this.coverage = memory.followed.coverage
    const engine: WriterEngine = {
      ...{ codec: of.codec, coverage: this.coverage, fixed: of.fixed, memory, onStep: () => undefined },
      transact: (work) => this.#transact(work),
    }
    this.followed = new StoredFollows(engine)
    this.lives = new StoredLives(engine)
    this.doubts = new StoredDoubts(engine)
    this.audits = new StoredAudits(engine)
    const between: BulkParts['between'] = (work) => this.#between(work)
    const coverage = memory.followed.coverage
    if (load !== undefined) this.bulk = new PostgresBulk({ ...load, of: { ...of, coverage }, lease, between })
  }

  /** `loadFolder`: where a bulk load keeps what it fetched. @throws LEASE_HELD, STORE_MISMATCH, and as `migrate` */
  static async open(db: PostgresDatabase, of: JournalOf, loadFolder: string): Promise<PostgresJournal> {
    const lease = await takeLease(db, of.chain)
    try {
      const memory = new WriterMemory(of)
      const view = await makeChain(db, of.chain)
      // Each transaction of the writer holds the row of its lease, which is in the store's own schema.
      const ours: Lease = { ...lease, write: (work) => lease.write(work, view) }
      const schemas = chainSchemas(db.target.schema, of.chain)
      const folder = new LoadFolder(loadFolder, db.target, of.chain)
      // Tables that are spread over servers are made by commands of their own, which fresh ones would lack.
      const load = (await isSpread(db, schemas)) ? undefined : { db, schemas, folder }
      const journal = new PostgresJournal(of, ours, { memory, load })
      const isNew = await ours.write(async (queries) => {
        await bindToChain(queries, { ...of, fence: lease.fence })
        return (await queries.get('SELECT number FROM clock'))?.[0] === null
      })
      // A process that died once its load was published left its files.
      if (!isNew) await journal.bulk?.end().catch(() => undefined)
      await journal.#reload()
      return journal
    } catch (error) {
      await lease.release().catch(() => undefined)
      throw error
    }
  }

  async state(): Promise<JournalState> {
    return this.#inTurn(async (queries) => {
      const row = await queries.get(`SELECT ${HEADER_COLUMNS}, finalized_number, finalized_hash FROM clock`)
      assert(row !== undefined, 'the clock row exists once the chain was claimed')
      const written = readOptionalHeader(row)
      const finalized = readOptionalRef(row[4], row[5])
      const from = finalized?.number ?? 0
      const rows = await queries.all(`SELECT ${HEADER_COLUMNS} FROM blocks WHERE number >= ? ORDER BY number`, from)
      return { written, published: written, finalized, headers: rows.map(readHeader) }
    })
  }

  append(batch: Batch): Promise<Appended> {
    return this.#transact(function* ({ rules }): Work<Appended> {
      const transfers = yield* planned(appendRows(batch, rules))
      yield* planned(advanceClock(batch, transfers))
      // What hints put in doubt was so at the last block of the batch.
      return { transfers, hinted: yield* planned(noteBatch(batch, now(), rules)) }
    })
  }

  rollback(ancestor: BlockRef | undefined): Promise<{ readonly transfers: number }> {
    return this.#transact(function* ({ rules }): Work<{ readonly transfers: number }> {
      const transfers = yield* planned(rollBackRows(ancestor?.number ?? rules.from - 1, rules))
      yield* planned(rewindClock(ancestor, transfers, rules))
      return { transfers }
    })
  }

  async finalize(block: BlockRef): Promise<void> {
    await this.#run((rules) => finalize(block, rules))
  }

  adopt(observations: readonly Observation[]): Promise<readonly AdoptionResult[]> {
    return this.#run((rules) => adopt(observations, rules))
  }

  reclassify(reclassification: Reclassification): Promise<ReclassifyOutcome> {
    return this.#run((rules) => reclassify(reclassification, now(), rules))
  }

  repair(blocks: readonly BlockTransfers[], mode?: RepairMode, scope?: Scope): Promise<Repaired> {
    const how = { mode, accounts: this.#accountsOf(scope), at: now(), isLoading: false }
    return this.#run((rules) => repair(blocks, how, rules))
  }

  async heartbeat(beat: Heartbeat): Promise<void> {
    const head = beat.head === undefined ? ([null, null, null, null] as const) : headerValues(beat.head)
    // If `caughtUpAt` is set, the head is our checkpoint, so this is its hash.
    const caughtUpHash = beat.caughtUpAt === undefined ? null : (head[1] ?? null)
    const counts = JSON.stringify(beat.counts)
    const [caughtUpAt, error, auditError] = [beat.caughtUpAt ?? null, beat.error ?? null, beat.auditError ?? null]
    await this.#inTurn((queries) =>
      queries.run(BEAT, beat.state, ...head, caughtUpAt, error, counts, now(), auditError, caughtUpHash),
    )
  }

  async close(): Promise<void> {
    await this.#lease.release()
  }

  #run<Result>(plan: (rules: JournalRules) => Plan<Result>): Promise<Result> {
    return this.#transact(({ rules }) => planned(plan(rules)))
  }

  async #transact<T>(work: (memory: WriterMemory) => Work<T>): Promise<T> {
    const memory = this.#memory
    try {
      return await this.#inTurn((queries) => runWork(queries, memory, work(memory)))
    } catch (error) {
      memory.assets.forget()
      // If the database is away, the next transaction fails too, and tries this again.
      await this.#reload().catch(() => undefined)
      throw error
    }
  }

  /** Runs work between two transactions, which changes what is remembered of the rows. */
  async #between<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work)
    this.#turn = turn.catch(() => undefined)
    try {
      return await turn
    } finally {
      this.#memory.assets.forget()
      await this.#reload().catch(() => undefined)
    }
  }

  async #reload(): Promise<void> {
    const memory = this.#memory
    await this.#inTurn((queries) => runWork(queries, memory, planned(memory.followed.reload())))
  }

  /** Runs a transaction after the one before: each reads what it writes from. */
  #inTurn<T>(work: (queries: Transaction) => Promise<T>): Promise<T> {
    const turn = this.#turn.then(() => this.#lease.write(work))
    this.#turn = turn.catch(() => undefined)
    return turn
  }
}

/** What a journal was opened with. `load`: undefined if its tables cannot be replaced. */
type Opened = {
  readonly memory: WriterMemory
  readonly load: Pick<BulkParts, 'db' | 'schemas' | 'folder'> | undefined
}

const BEAT = `INSERT INTO heartbeat AS h (one, state, head_number, head_hash, head_parent, head_timestamp, caught_up_at,
    error, counts, beat_at, audit_error, caught_up_hash) VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (one) DO UPDATE SET
    state = excluded.state, head_number = excluded.head_number, head_hash = excluded.head_hash,
    head_parent = excluded.head_parent, head_timestamp = excluded.head_timestamp,
    caught_up_at = coalesce(excluded.caught_up_at, h.caught_up_at),
    caught_up_hash = CASE WHEN excluded.caught_up_at IS NULL THEN h.caught_up_hash ELSE excluded.caught_up_hash END,
    error = excluded.error, counts = excluded.counts, beat_at = excluded.beat_at, audit_error = excluded.audit_error`

function now(): number {
  return Math.floor(Date.now() / 1000)
}
