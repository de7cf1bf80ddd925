import type { AccountCodec } from '../../../core/account.ts'
import type { Coverage } from '../../../core/coverage.ts'
import type { Plan, TableChanges } from '../../../journal/plan.ts'
import { openingFrom } from '../../../journal/position.ts'
import type { JournalRules } from '../../../journal/rules/journal-rules.ts'
import { assets, followed } from '../../../journal/tables/facts.ts'
import { endings, reclassified, refutedAssets, unreadable } from '../../../journal/tables/marks.ts'
import type { Table } from '../../../journal/tables/table.ts'
import type { SqliteDatabase } from '../database.ts'
import { AssetTable, type FixedClasses } from '../rows/asset-table.ts'
import { FollowedAccounts } from './followed-accounts.ts'
import { JournalTables } from './journal-tables.ts'
import { runPlan } from './run-plan.ts'

/** Tables whose rows are a part of what `AssetTable` caches. */
const CACHED: ReadonlySet<Table> = new Set<Table>([reclassified, endings, unreadable, refutedAssets])

/** The journal of one file, over one connection: its rules, and what is remembered of its rows. */
export class JournalFile {
  readonly assets: AssetTable
  readonly followed: FollowedAccounts
  readonly rules: JournalRules
  readonly #tables: JournalTables

  constructor(
    db: SqliteDatabase,
    file: { readonly codec: AccountCodec; readonly coverage: Coverage; readonly fixed: FixedClasses },
  ) {
    const { codec, coverage, fixed } = file
    this.assets = new AssetTable(db, fixed)
    this.#tables = new JournalTables(db, (changes) => this.#written(changes))
    this.followed = new FollowedAccounts(this.#tables, file)
    const { test, stores, needsLeads } = this.followed
    this.rules = { codec, from: coverage.from, opening: openingFrom(coverage.from), test, stores, needsLeads, fixed }
  }

  /** Runs a plan to its end. Call it only in a transaction of the file's owner. */
  run<Result>(plan: Plan<Result>): Result {
    return runPlan(this.#tables, plan)
  }

  /** Forgets what is remembered of the file's rows. */
  forget(): void {
    this.assets.forget()
    this.#tables.forget()
    this.followed.reload()
  }

  #written({ table, inserted, updated, deleted }: TableChanges): void {
    if (CACHED.has(table)) this.assets.forget()
    else if (table === followed) {
      this.followed.changed([...inserted, ...updated.map(({ after }) => after), ...deleted])
    } else if (table === assets) {
      const isMoved = updated.some(
        ({ before, after }) => before.firstBlock !== undefined && before.firstBlock !== after.firstBlock,
      )
      if (isMoved) this.assets.forget()
    }
  }
}
