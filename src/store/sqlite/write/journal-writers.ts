import type { AccountCodec } from '../../../core/account.ts'
import { type Coverage, type CoverageTest, coverageTest } from '../../../core/coverage.ts'
import type { SqliteDatabase } from '../database.ts'
import { AssetTable, type FixedClasses } from '../rows/asset-table.ts'
import { ObservationAdopter } from './adopt.ts'
import { type AppendStep, BatchWriter } from './batch-writer.ts'
import { DoubtWriter } from './doubt-writer.ts'
import { HintWriter } from './hint-writer.ts'
import { PairWriter } from './pair-writer.ts'
import { ReclassifyWriter } from './reclassify-writer.ts'
import { RepairWriter } from './repair-writer.ts'
import { RollbackWriter } from './rollback-writer.ts'
import { Segments } from './segments.ts'

/** The writers of a journal. Each runs inside the journal's transactions. */
export type JournalWriters = {
  readonly assets: AssetTable
  readonly pairs: PairWriter
  readonly segments: Segments
  readonly doubts: DoubtWriter
  readonly reclassifier: ReclassifyWriter
  readonly hints: HintWriter
  readonly batches: BatchWriter
  readonly rollback: RollbackWriter
  readonly repair: RepairWriter
  readonly adopter: ObservationAdopter
  readonly keeps: CoverageTest['keeps']
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
  const test = coverageTest(coverage, codec.zeroAddress)
  const { keeps } = test
  const opening = from === 0 ? 0n : undefined
  const assets = new AssetTable(db, fixed)
  const pairs = new PairWriter(db)
  const segments = new Segments(db, opening)
  const doubts = new DoubtWriter(db, { assets, from })
  const turns = new ReclassifyWriter(db, { assets, codec, doubts })
  const hints = new HintWriter(db, { assets, pairs, doubts, reclassifier: turns, codec, keeps, opening })
  const deps = { assets, pairs, segments, codec, doubts, hints, keeps }
  const onMet = (asset: number): void => hints.met(asset)
  return {
    ...deps,
    reclassifier: turns,
    batches: new BatchWriter({ db, codec, assets, pairs, test, from, onStep, onMet }),
    rollback: new RollbackWriter(db, deps),
    repair: new RepairWriter(db, deps),
    adopter: new ObservationAdopter({ ...deps, coverage, test, opening }),
  }
}
