import type { ChainAdapter } from '../../src/chains/adapter.ts'
import type { AccountCodec } from '../../src/core/account.ts'
import type { ChainId } from '../../src/core/chain.ts'
import type { Scope } from '../../src/core/coverage.ts'
import { Indexer } from '../../src/indexer/indexer.ts'
import { openStore } from '../../src/store/open.ts'

/** The process kills itself by SIGKILL at the `count`-th `step` of a write. Without a step it lives on. */
export type Death = { readonly step: string | undefined; readonly count: string | undefined }

/** The chain to index, and where. Without a scope, all of it. `isAsked`: the accounts that the store's requests name are followed. */
export type PlaceToKill = {
  readonly url: string
  readonly chain: ChainId
  readonly codec: AccountCodec
  readonly scope?: Scope
  readonly wholeRanges?: boolean
  readonly isAsked?: boolean
}

/** Opens a chain's journal and an indexer that writes it, in a process that is to be killed. It prints `started`. */
export async function startIndexerToKill(
  { url, chain, codec, scope = { type: 'all' }, wholeRanges = false, isAsked = false }: PlaceToKill,
  adapter: ChainAdapter,
  { step, count }: Death,
): Promise<{ readonly indexer: Indexer; readonly close: () => Promise<void> }> {
  let left = Number(count ?? 0)
  const store = await openStore({
    url,
    codecOf: () => codec,
    onStep: (at) => {
      if (at === step && --left === 0) process.kill(process.pid, 'SIGKILL')
    },
  })
  const journal = await store.openJournal(chain, { scope, from: 0 })
  const reads = await store.openReads(chain)
  const wanted = async () => (await store.followRequests.list(chain)).map(({ account }) => account)
  const indexer = new Indexer({
    ...(isAsked ? { wanted } : {}),
    adapter,
    journal,
    observations: reads.observations,
    now: () => performance.now(),
    time: () => 1_000_000,
    log: () => undefined,
    report: () => undefined,
    counts: () => ({}),
    wholeRanges,
  })
  process.stdout.write('started\n')
  return {
    indexer,
    close: async () => {
      await journal.close()
      await store.close()
    },
  }
}
