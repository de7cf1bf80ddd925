import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { SinkPart } from '../../store/seam/sink-part.ts'
import type { SinkPlace, WrittenRows } from '../../store/seam/sink-sharing.ts'
import { ChangeForm } from './change-record.ts'
import { Claims } from './claims.ts'
import { MetSpill } from './met-spill.ts'
import { PairSpills, type SharedPairs } from './pair-spills.ts'
import { RecordSorter } from './sorted-records.ts'
import { type SharedSpill, Spill } from './spill.ts'
import { SpillReader } from './spill-reader.ts'
import { ASSET_PARTITIONS, type BuildSizes, metPairsOf } from './spills.ts'
import { Sweep, type SweptRows } from './sweep.ts'

/** What another thread needs to sweep a share of the accounts. It can be passed there. */
export type SweepJob = {
  readonly place: SinkPlace
  /** A folder for what it keeps on disk, which may not exist yet. Who passes the job removes it. */
  readonly folder: string
  readonly sizes: BuildSizes
  readonly accountBytes: number
  readonly isOpen: boolean
  /** The last published block, or NONE. */
  readonly published: number
  readonly fungible: Uint8Array
  readonly changes: SharedSpill
  /** Of the partitions of `changes`. */
  readonly claims: SharedArrayBuffer
}

/** What another thread swept. */
export type Swept = {
  readonly written: WrittenRows
  readonly rows: SweptRows
  /** Holders by asset. */
  readonly counts: Float64Array
  readonly holders: SharedSpill
  readonly pairs: SharedPairs
}

/** Another thread that sweeps. Rejects as a build fails. */
export type SweepHelper = { readonly sweep: (job: SweepJob) => Promise<Swept> }

/** Sweeps the accounts from the last ones back, until those of the other thread are met. @throws RowTooLarge, STORE_* */
export function sweepShare(job: SweepJob, part: SinkPart): Swept {
  const { accountBytes, changes, claims, folder, fungible, isOpen, published, sizes } = job
  const { extentBytes, sortBytes } = sizes
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const form = new ChangeForm(accountBytes)
  const holders = new Spill(join(folder, 'holders'), { partitions: ASSET_PARTITIONS, extentBytes })
  const pairs = new PairSpills(folder, { form, extentBytes })
  const met = new MetSpill(folder, extentBytes)
  const reader = new SpillReader(join(folder, 'changes'), [changes])
  try {
    const counts = new Float64Array(fungible.length)
    const spills = { form, holders, met, metPairs: metPairsOf(sizes), pairs }
    const sweep = new Sweep({ sink: part, form, fungible, holders: counts, spills, isOpen, published })
    const sorter = new RecordSorter({ budget: sortBytes, extentBytes })
    const left = new Claims(reader.partitions, claims)
    for (let range = left.last(); range !== undefined; range = left.last()) {
      for (let partition = range.first; partition < range.end; partition++) {
        sorter.eachOf(reader, { partition, form, onRecord: sweep.take })
      }
      sweep.end()
      part.endRange()
    }
    const spilled = { holders: holders.share(), pairs: pairs.share() }
    return { ...spilled, counts, rows: sweep.counts, written: part.finish() }
  } catch (error) {
    part.abandon()
    throw error
  } finally {
    reader.close()
    holders.close()
    pairs.close()
    met.remove()
  }
}
