import type { Soon } from '../../core/soon.ts'
import type { FixedClasses } from '../queries/asset-table.ts'
import type { ReadContext } from '../queries/context.ts'
import type { Query } from '../queries/query.ts'
import type { StoredAsset } from '../seam/store.ts'
import type { TableEngine } from './table-engine.ts'

/** How an engine runs reads, each in one snapshot: at once, or by a promise. */
export interface ReadEngine {
  read<T>(work: (context: ReadContext) => Query<T>): Soon<T>
  /** The next reads see all that is committed by now, also those of the same tick. */
  renew(): void
  /** The assets of a contract, as far as the engine remembers them of the snapshot of the moment. */
  readonly contracts?: {
    get(reference: string): readonly StoredAsset[] | undefined
    put(reference: string, assets: readonly StoredAsset[]): void
  }
}

/** What the reads of a chain run on. `fixed`: classes that the configuration fixes. */
export type ReadEngines = {
  readonly engine: ReadEngine
  /** Of the stored reads of nodes. Its commits need not be on disk: a crash may lose the last reads. */
  readonly noted: TableEngine
  /** Of a ledger: reads its record without a clock, if that costs less than a snapshot of its chain. */
  readonly record?: Pick<TableEngine, 'read'>
  readonly fixed: FixedClasses
  readonly codec: ReadContext['codec']
}
