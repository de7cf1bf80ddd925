import type { AccountCodec } from '../../core/account.ts'
import type { Coverage } from '../../core/coverage.ts'
import type { Plan, TableChanges } from '../../journal/plan.ts'
import { openingFrom } from '../../journal/position.ts'
import type { JournalRules } from '../../journal/rules/journal-rules.ts'
import { assets, followed } from '../../journal/tables/facts.ts'
import { endings, reclassified, refutedAssets, unreadable } from '../../journal/tables/marks.ts'
import type { Table } from '../../journal/tables/table.ts'
import { AssetTable, type FixedClasses } from './asset-table.ts'
import { FollowedAccounts } from './followed-accounts.ts'

/** Tables whose rows are a part of what `AssetTable` caches. */
const CACHED: ReadonlySet<Table> = new Set<Table>([reclassified, endings, unreadable, refutedAssets])

/** What a chain is written with. */
export type WriterOf = { readonly codec: AccountCodec; readonly coverage: Coverage; readonly fixed: FixedClasses }

/** What the writer of a chain remembers of its rows, and the rules that it writes by. */
export class WriterMemory {
  readonly assets: AssetTable
  readonly followed: FollowedAccounts
  readonly rules: JournalRules

  constructor(of: WriterOf) {
    const { codec, coverage, fixed } = of
    this.assets = new AssetTable(fixed)
    this.followed = new FollowedAccounts(of)
    const { test, stores, needsLeads } = this.followed
    this.rules = { codec, from: coverage.from, opening: openingFrom(coverage.from), test, stores, needsLeads, fixed }
  }

  /** Forgets what changes of a table made wrong. Returns what is to be read again, if anything. */
  written({ table, inserted, updated, deleted }: TableChanges): Plan<void> | undefined {
    if (CACHED.has(table)) this.assets.forget()
    else if (table === followed) {
      return this.followed.changed([...inserted, ...updated.map(({ after }) => after), ...deleted])
    } else if (table === assets) {
      const isMoved = updated.some(
        ({ before, after }) => before.firstBlock !== undefined && before.firstBlock !== after.firstBlock,
      )
      if (isMoved) this.assets.forget()
    }
    return undefined
  }
}
