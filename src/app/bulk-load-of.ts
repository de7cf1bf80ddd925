import { BulkLoad, type BulkLoadDeps } from '../bulk/load/bulk-load.ts'
import type { ChainAdapter } from '../chains/adapter.ts'
import type { AccountCodec } from '../core/account.ts'
import type { ChainId } from '../core/chain.ts'
import type { Journal } from '../store/seam/store.ts'
import { startBuild } from './start-build.ts'

/** A chain whose old blocks are loaded. */
type Loaded = {
  readonly journal: Journal
  readonly chain: ChainId
  readonly codec: AccountCodec
  readonly log: BulkLoadDeps['log']
}

/** Returns what loads the old blocks of a new chain in bulk, with builds in threads; undefined if its store cannot. */
export function bulkLoadOf({ journal, chain, codec, log }: Loaded, adapter: ChainAdapter): BulkLoad | undefined {
  if (journal.bulk === undefined) return undefined
  return new BulkLoad({
    adapter,
    store: journal.bulk,
    coverage: journal.coverage,
    codec,
    build: (job, signal) => startBuild({ chain, job }, { signal, log }),
    now: () => performance.now(),
    log,
  })
}
