import type { ChainConfig } from './config/chains.ts'
import type { Accounting } from './core/asset.ts'
import type { Logger } from './log.ts'
import type { Progress } from './progress.ts'
import { startThread } from './thread.ts'

/** What a thread is given. `classes`: the tokens of the chain whose accounting is fixed, by `assetKey`. */
export type ThreadData = {
  readonly store: string
  readonly chain: ChainConfig
  readonly classes: ReadonlyMap<string, Accounting>
}

/** What a thread says. */
export type FromThread =
  | {
      readonly type: 'log'
      readonly level: 'info' | 'warn' | 'error'
      readonly message: string
      readonly fields: Readonly<Record<string, unknown>>
    }
  | { readonly type: 'progress'; readonly progress: Progress }
  | { readonly type: 'stopped'; readonly error: string }

/** A running indexer. */
export type IndexerHandle = {
  /** Why it can't run, where it stopped before it could write that where readers look. */
  readonly error: () => string | undefined
  /** Ends what is under way, commits or not, and gives the lease back. */
  readonly stop: () => Promise<void>
}

/** Heap of an indexer's thread, in MB: several answers under way, a batch and its sorted rows. */
const HEAP_MB = 512
/** Young generation of that heap, in MB: a batch lives for a second, and should die before it is moved and moved again. */
const YOUNG_MB = 64

/** Starts a chain's indexer in a thread of its own, so that no batch ever holds up an answer. */
export function startIndexer(options: {
  readonly data: ThreadData
  readonly log: Logger
  readonly onProgress: (progress: Progress) => void
}): IndexerHandle {
  const { data, log, onProgress } = options
  const resourceLimits = { maxOldGenerationSizeMb: HEAP_MB, maxYoungGenerationSizeMb: YOUNG_MB }
  const worker = startThread('indexer-thread', { workerData: data, resourceLimits })
  let error: string | undefined
  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
  worker.on('message', (message: FromThread) => {
    if (message.type === 'log') log[message.level](message.fields, message.message)
    else if (message.type === 'progress') onProgress(message.progress)
    else error = message.error
  })
  worker.on('error', (thrown) => {
    error = thrown.message
    log.error({ chain: data.chain.id, code: 'INTERNAL', err: thrown }, 'the indexer ended by a bug')
  })
  return {
    error: () => error,
    stop: async () => {
      worker.postMessage('stop')
      await ended
    },
  }
}
