/** The composition root of a process that only indexes. */
import type { AppConfig } from './app-config.ts'
import { configuredKind, indexerDataOf, openConfiguredStore } from './configured-store.ts'
import type { Logger } from './log.ts'
import type { Progress } from './progress.ts'
import { startIndexer } from './start-indexer.ts'

/** What the indexers are started with. */
export type IndexersOptions = {
  readonly config: AppConfig
  readonly log: Logger
  readonly onProgress: (progress: Progress) => void
}

/** Running indexers. `stop` ends them in order: commits, releases the leases, closes the store. */
export type Indexers = { stop(): Promise<void> }

/**
 * Starts the indexer of every configured chain that has nodes. A chain that another process writes is waited for; one that
 * cannot be opened is reported, and the others go on.
 * @throws STORE_UNAVAILABLE, STORE_MISMATCH
 */
export async function startIndexers({ config, log, onProgress }: IndexersOptions): Promise<Indexers> {
  const store = await openConfiguredStore(config, true)
  const handles = config.chains
    .filter(({ id }) => configuredKind(id).source === 'nodes')
    .map((chain) => startIndexer({ data: indexerDataOf(config, chain), log, onProgress, store }))
  return {
    stop: async () => {
      await Promise.all(handles.map((handle) => handle.stop()))
      await store.close()
    },
  }
}
