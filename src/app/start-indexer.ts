import type { Worker } from 'node:worker_threads'
import type { ChainConfig } from '../config/chains.ts'
import type { Accounting } from '../core/asset.ts'
import type { BalanceKey } from '../core/balance.ts'
import type { BlockRef } from '../core/block.ts'
import { type ErrorCode, isServiceError } from '../core/errors.ts'
import type { Wait } from '../indexer/waits.ts'
import type { Heartbeat } from '../store/seam/heartbeat.ts'
import type { IndexerReport, NamedHead } from '../store/seam/indexer-reports.ts'
import type { Store } from '../store/seam/store.ts'
import type { Logger } from './log.ts'
import { NodeWarnings } from './node-warnings.ts'
import type { Progress } from './progress.ts'
import { Reporter } from './reporter.ts'
import { RestartPauses } from './restart-pauses.ts'
import { startThread } from './thread.ts'

/** The input of an indexer thread. `fixedAccounting`: the tokens of the chain with a fixed accounting, by `assetKey`. */
export type ThreadData = {
  readonly store: string
  /** As for `openStore`. */
  readonly loadFolder?: string | undefined
  readonly chain: ChainConfig
  readonly fixedAccounting: ReadonlyMap<string, Accounting>
}

/** Why an indexer ended for good. `code` undefined: a bug. */
export type Stopped = { readonly code: ErrorCode | undefined; readonly error: string }

/** A message from the thread. `alive` means only that its event loop runs. */
export type FromThread =
  | {
      readonly type: 'log'
      readonly level: 'info' | 'warn' | 'error'
      readonly message: string
      readonly fields: Readonly<Record<string, unknown>>
    }
  | { readonly type: 'progress'; readonly progress: Progress }
  | { readonly type: 'beat'; readonly beat: Heartbeat }
  /** A node reported this head, higher than all before. `at`: Unix seconds. */
  | { readonly type: 'head'; readonly block: BlockRef; readonly at: number }
  | { readonly type: 'waiting'; readonly wait: Wait | undefined }
  | { readonly type: 'alive' }
  /** The thread has the lease of the chain. */
  | { readonly type: 'leased' }
  | ({ readonly type: 'stopped' } & Stopped)

/** A message to the thread: stop, or compare a balance in the audit at this head or the next. */
export type ToThread = 'stop' | { readonly type: 'compare'; readonly key: BalanceKey }

/** A running indexer. */
export type IndexerHandle = {
  /** Ends the open work, with or without its commit, and releases the lease. */
  readonly stop: () => Promise<void>
}

/** Heap of an indexer's thread, in MB: room for several open answers, a batch and its sorted rows. */
const HEAP_MB = 512
/**
 * Young generation of that heap, in MB: a batch lives for about a second, and should die before the collector copies it
 * repeatedly.
 */
const YOUNG_MB = 64
/** How often a thread reports that it is alive, in milliseconds. */
export const ALIVE_MS = 1_000
/**
 * A thread without a message for this long, in milliseconds, is busy with one thing. Writing a large batch takes less.
 */
const STALLED_MS = 15_000
/** Heads that a report names: more than nodes report between two looks at it. */
const REPORTED_HEADS = 16

type IndexerDeps = {
  readonly data: ThreadData
  readonly log: Logger
  readonly onProgress: (progress: Progress) => void
  /** Where the state of the chain is reported, and where comparisons are requested. */
  readonly store: Pick<Store, 'reports' | 'comparisons'>
}

/**
 * Starts a chain's indexer in a thread of its own, so that no batch delays an answer. A thread that ends by a bug or
 * runs out of memory is started again after a growing pause. A thread that reports that it cannot continue is not. All that
 * others learn of the indexer is in the store.
 */
export function startIndexer(deps: IndexerDeps): IndexerHandle {
  const supervisor = new Supervisor(deps)
  supervisor.start()
  return { stop: () => supervisor.stop() }
}

class Supervisor {
  readonly #deps: IndexerDeps
  readonly #reporter: Reporter
  readonly #pauses = new RestartPauses({ firstMs: 1_000, maxMs: 60_000 })
  #worker: Worker | undefined
  #ended: Promise<void> = Promise.resolve()
  #stopped: IndexerReport['stopped']
  /** The thread reported that it cannot continue. */
  #forGood = false
  #beat: IndexerReport['beat']
  #heads: readonly NamedHead[] = []
  #wait: Wait | undefined
  #hasLease = false
  readonly #warnings = new NodeWarnings()
  #heardAt = Date.now()
  #restart: NodeJS.Timeout | undefined
  readonly #looking: NodeJS.Timeout
  #stopping = false

  constructor(deps: IndexerDeps) {
    this.#deps = deps
    const { chain } = deps.data
    this.#reporter = new Reporter({
      put: (writer) =>
        deps.store.reports.put({ chain: chain.id, writer, hasLease: this.#hasLease, report: this.#report() }),
      failed: (error) => deps.log.warn({ chain: chain.id, err: error }, 'the state of the chain cannot be reported'),
    })
    this.#looking = setInterval(() => this.#look(), ALIVE_MS)
  }

  start(): void {
    const resourceLimits = { maxOldGenerationSizeMb: HEAP_MB, maxYoungGenerationSizeMb: YOUNG_MB }
    const worker = startThread('indexer-thread', { workerData: this.#deps.data, resourceLimits })
    this.#worker = worker
    this.#heardAt = Date.now()
    this.#pauses.started()
    let thrown: unknown
    worker.on('message', (message: FromThread) => this.#take(message))
    worker.once('error', (error) => {
      thrown = error
    })
    this.#ended = new Promise((resolve) => {
      worker.once('exit', (code) => {
        this.#worker = undefined
        this.#exited(thrown, code)
        resolve()
      })
    })
    this.#reporter.report()
  }

  async stop(): Promise<void> {
    if (this.#stopping) return this.#ended
    this.#stopping = true
    clearTimeout(this.#restart)
    this.#send('stop')
    await this.#ended
    clearInterval(this.#looking)
    this.#reporter.report()
    await this.#reporter.end()
  }

  #send(message: ToThread): void {
    this.#worker?.postMessage(message)
  }

  #report(): IndexerReport {
    const at = Date.now()
    const isStalled = this.#worker !== undefined && at - this.#heardAt > STALLED_MS
    return {
      at,
      hasEnded: this.#stopping && this.#worker === undefined,
      stopped: this.#stopped,
      beat: this.#beat,
      heads: this.#heads,
      wait: isStalled ? { for: 'its own thread, which is busy', since: this.#heardAt } : this.#wait,
      nodeWarnings: this.#warnings.recent(Math.floor(at / 1000)),
    }
  }

  /** Reports again, so that others see that this process lives, and passes on what they want to have compared. */
  #look(): void {
    this.#reporter.report()
    if (!this.#hasLease) return
    const { store, data } = this.#deps
    store.comparisons.take(data.chain.id).then(
      (keys) => {
        for (const key of keys) this.#send({ type: 'compare', key })
      },
      (error: unknown) => {
        // If the file cannot be read, the report fails too, and says so.
        if (!isServiceError(error)) throw error
      },
    )
  }

  #take(message: FromThread): void {
    const { log, onProgress } = this.#deps
    this.#heardAt = Date.now()
    switch (message.type) {
      case 'alive':
        return
      case 'log':
        log[message.level](message.fields, message.message)
        if (message.level !== 'warn') return
        this.#warnings.note(message.message, message.fields, Math.floor(Date.now() / 1000))
        break
      case 'progress':
        onProgress(message.progress)
        return
      case 'leased':
        this.#hasLease = true
        break
      case 'beat':
        this.#beat = { ...message.beat, at: Math.floor(Date.now() / 1000) }
        // A beat proves that the restarted thread follows its chain again.
        if (!this.#forGood) this.#stopped = undefined
        break
      case 'head':
        this.#heads = [...this.#heads, { ...message.block, at: message.at }].slice(-REPORTED_HEADS)
        break
      case 'waiting':
        this.#wait = message.wait
        break
      case 'stopped':
        this.#forGood = true
        this.#stopped = { code: message.code, error: message.error }
        break
    }
    this.#reporter.report()
  }

  #exited(thrown: unknown, code: number): void {
    this.#wait = undefined
    if (!this.#stopping && !this.#forGood) this.#restartLater(thrown, code)
    this.#reporter.report()
    this.#hasLease = false
  }

  #restartLater(thrown: unknown, code: number): void {
    const { data, log } = this.#deps
    const reason = thrown instanceof Error ? thrown.message : `exit code ${code}`
    const { pauseMs, deaths: crashes } = this.#pauses.next()
    this.#stopped = { code: undefined, error: `the indexer crashed (${reason}) and will start again` }
    log.error(
      { chain: data.chain.id, code: 'INTERNAL', err: thrown, crashes, pause_ms: pauseMs },
      'the indexer crashed',
    )
    this.#restart = setTimeout(() => this.start(), pauseMs)
  }
}
