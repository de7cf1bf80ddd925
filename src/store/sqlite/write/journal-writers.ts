import type { AccountCodec } from '../../../core/account.ts'
import type { Coverage, Scope } from '../../../core/coverage.ts'
import { openingFrom } from '../../../journal/position.ts'
import type { SqliteDatabase } from '../database.ts'
import { AssetTable, type FixedClasses } from '../rows/asset-table.ts'
import { ObservationAdopter } from './adopt.ts'
import { type AppendStep, BatchWriter } from './batch-writer.ts'
import { DoubtWriter } from './doubt-writer.ts'
import { FollowWriter } from './follow-writer.ts'
import { FollowedAccounts } from './followed-accounts.ts'
import { HintWriter } from './hint-writer.ts'
import { PairHistory } from './pair-history.ts'
import { PairWriter } from './pair-writer.ts'
import { ReclassifyWriter } from './reclassify-writer.ts'
import { RepairWriter } from './repair-writer.ts'
import { RollbackWriter } from './rollback-writer.ts'
import { Segments } from './segments.ts'
import { TransferWriter } from './transfer-writer.ts'
import { UnfollowWriter } from './unfollow-writer.ts'

/** The writers of a journal. Each runs inside the journal's transactions. */
export type JournalWriters = {
  readonly assets: AssetTable
  readonly pairs: PairWriter
  readonly segments: Segments
  readonly history: PairHistory
  readonly doubts: DoubtWriter
  readonly reclassifier: ReclassifyWriter
  readonly hints: HintWriter
  readonly transfers: TransferWriter
  readonly batches: BatchWriter
  readonly rollback: RollbackWriter
  readonly repair: RepairWriter
  readonly adopter: ObservationAdopter
  readonly followed: FollowedAccounts
  readonly follow: FollowWriter
  readonly unfollow: UnfollowWriter
}

/** The writers of one chain's file, over one connection. */
export function createWriters(
  file: {
    readonly db: SqliteDatabase
    readonly codec: AccountCodec
    readonly coverage: Coverage
    readonly fixed: FixedClasses
  },
  onStep: (step: AppendStep) => void,
): JournalWriters {
  const { db, codec, coverage, fixed } = file
  const { from } = coverage
  const followed = new FollowedAccounts(db, { codec, coverage })
  const { test, stores } = followed
  const opening = openingFrom(from)
  const assets = new AssetTable(db, fixed)
  const pairs = new PairWriter(db)
  const segments = new Segments(db, opening)
  const doubts = new DoubtWriter(db, { assets, from })
  const turns = new ReclassifyWriter(db, { assets, codec, doubts })
  const hints = new HintWriter(db, { assets, pairs, doubts, reclassifier: turns, codec, keeps: stores, opening })
  const transfers = new TransferWriter(db, { assets, pairs, codec, stores })
  const history = new PairHistory(db, { pairs, segments })
  const deps = { assets, pairs, segments, codec, doubts, hints, transfers, history, followed, stores, ...codec }
  const onMet = (asset: number): void => hints.met(asset)
  return {
    ...{ assets, pairs, segments, history, doubts, hints, followed, transfers },
    reclassifier: turns,
    batches: new BatchWriter({ db, codec, assets, pairs, test, from, onStep, onMet }),
    rollback: new RollbackWriter(db, deps),
    repair: new RepairWriter({ ...deps, accountsOf: accountsOf(codec) }),
    follow: new FollowWriter(db, deps),
    unfollow: new UnfollowWriter(db, deps),
    adopter: new ObservationAdopter({ ...deps, coverage, test, opening }),
  }
}

/** The stored accounts of a scope. The last scope is remembered: an audit passes the same one many times. */
function accountsOf({ encode }: AccountCodec): (scope: Scope | undefined) => ReadonlySet<string> | undefined {
  let last: { readonly scope: Scope; readonly accounts: ReadonlySet<string> } | undefined
  return (scope) => {
    if (scope?.type !== 'accounts') return undefined
    if (last?.scope !== scope) {
      last = { scope, accounts: new Set(scope.accounts.map((account) => encode(account).toString('hex'))) }
    }
    return last.accounts
  }
}
