import { Changeset, type Plan, type Step, type TableChanges } from '../../../journal/plan.ts'
import type { JournalRules } from '../../../journal/rules/journal-rules.ts'
import { type Asked, isAsked, type Work } from '../../queries/query.ts'
import { WriterMemory, type WriterOf } from '../../queries/writer.ts'
import type { Row, SqliteDatabase } from '../database.ts'
import { SqliteAssets } from '../rows/assets.ts'
import { SqliteQueries } from '../run-query.ts'
import { JournalTables } from './journal-tables.ts'
import { runPlan } from './run-plan.ts'

const NO_ROWS: readonly Row[] = []

/**
 * The journal of one file, over one connection: its rules, and what is remembered of its rows. `isShared`: other processes write
 * the file too, so none of its rows is remembered that writes change.
 */
export class JournalFile {
  readonly memory: WriterMemory
  readonly assets: SqliteAssets
  readonly #queries: SqliteQueries
  readonly #tables: JournalTables

  constructor(db: SqliteDatabase, of: WriterOf, isShared = false) {
    this.memory = new WriterMemory(of)
    this.#queries = new SqliteQueries(db)
    this.assets = new SqliteAssets(this.#queries, this.memory.assets)
    this.#tables = new JournalTables(db, (changes) => this.#written(changes), isShared ? new Set() : undefined)
    this.run(this.memory.followed.reload())
  }

  get rules(): JournalRules {
    return this.memory.rules
  }

  /** Runs a plan to its end. Call it only in a transaction of the file's owner. */
  run<Result>(plan: Plan<Result>): Result {
    return runPlan(this.#tables, plan)
  }

  /** As `run`, of reads and plans. */
  work<T>(work: Work<T>): T {
    let step = work.next(NO_ROWS)
    while (step.done !== true) step = work.next(this.#answer(step.value))
    return step.value
  }

  /** Forgets what is remembered of the file's rows. */
  forget(): void {
    this.memory.assets.forget()
    this.#tables.forget()
    this.run(this.memory.followed.reload())
  }

  #answer(step: Asked | Step): readonly Row[] {
    if (isAsked(step)) return this.#queries.answer(step)
    if (step instanceof Changeset) this.#tables.apply(step)
    else this.#tables.answer(step)
    return NO_ROWS
  }

  #written(changes: TableChanges): void {
    const again = this.memory.written(changes)
    if (again !== undefined) this.run(again)
  }
}
