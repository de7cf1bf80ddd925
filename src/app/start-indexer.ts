import type { Worker } from 'node:worker_threads'
import type { NodeWarning } from '../api/http/deps.ts'
import type { ChainConfig } from '../config/chains.ts'
import type { Accounting } from '../core/asset.ts'
import type { BalanceKey } from '../core/balance.ts'
import type { BlockRef } from '../core/block.ts'
import type { ErrorCode } from '../core/errors.ts'
import type { Wait } from '../indexer/waits.ts'
import type { Heartbeat } from '../store/seam/heartbeat.ts'
import type { Logger } from './log.ts'
import { NodeWarnings } from './node-warnings.ts'
import type { Progress } from './progress.ts'
import { startThread } from './thread.ts'

/** The input of an indexer thread. `fixedAccounting`: the tokens of the chain with a fixed accounting, by `assetKey`. */
export type ThreadData = {
  readonly store: string
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
  | ({ readonly type: 'stopped' } & Stopped)

/** A message to the thread: stop, or compare a balance in the audit at this head or the next. */
export type ToThread = 'stop' | { readonly type: 'compare'; readonly key: BalanceKey }

/** The state of an indexer, without a read of the store. */
export type IndexerStatus = {
  /** Why it does not run: for good, or until it is started again. */
  readonly stopped: Stopped | undefined
  /** Its newest beat, and when it arrived, in Unix seconds. */
  readonly beat: (Heartbeat & { readonly at: number }) | undefined
  /** The last warnings about nodes. */
  readonly nodeWarnings: readonly NodeWarning[]
  /** What it waits for, if it waits too long. */
  readonly wait: Wait | undefined
}

/** A running indexer. */
export type IndexerHandle = {
  readonly status: () => IndexerStatus
  /** Asks the audit to compare a balance soon. Has no effect while the thread does not run. */
  readonly compare: (key: BalanceKey) => void
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
/** Pauses before a crashed thread starts again, in milliseconds: repeated crashes must not load the machine. */
const RESTART_PAUSES = { firstMs: 1_000, maxMs: 60_000 }
/** A thread that ran for this long, in milliseconds, has recovered from the crash before. */
const RECOVERED_MS = 600_000

type IndexerDeps = {
  readonly data: ThreadData
  readonly log: Logger
  readonly onProgress: (progress: Progress) => void
  /** Called when a node reports a head that is higher than all before. */
  readonly onHead: (block: BlockRef, at: number) => void
  /** Called once when the indexer has ended for good by itself. */
  readonly onStopped: (stopped: Stopped) => void
}

/**
 * Starts a chain's indexer in a thread of its own, so that no batch delays an answer. A thread that ends by a bug or
 * runs out of memory is started again after a growing pause. A thread that reports that it cannot continue is not.
 */
export function startIndexer(deps: IndexerDeps): IndexerHandle {
  const supervisor = new Supervisor(deps)
  supervisor.start()
  return {
    status: () => supervisor.status(),
    compare: (key) => supervisor.send({ type: 'compare', key }),
    stop: () => supervisor.stop(),
  }
}

class Supervisor {
  readonly #deps: IndexerDeps
  #worker: Worker | undefined
  #ended: Promise<void> = Promise.resolve()
  #stopped: Stopped | undefined
  /** The thread reported that it cannot continue. */
  #forGood = false
  #beat: IndexerStatus['beat']
  #wait: Wait | undefined
  readonly #warnings = new NodeWarnings()
  #heardAt = Date.now()
  #startedAt = 0
  #crashes = 0
  #restart: NodeJS.Timeout | undefined
  #stopping = false

  constructor(deps: IndexerDeps) {
    this.#deps = deps
  }

  start(): void {
    const resourceLimits = { maxOldGenerationSizeMb: HEAP_MB, maxYoungGenerationSizeMb: YOUNG_MB }
    const worker = startThread('indexer-thread', { workerData: this.#deps.data, resourceLimits })
    this.#worker = worker
    this.#heardAt = Date.now()
    this.#startedAt = performance.now()
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
  }

  status(): IndexerStatus {
    const stalled = this.#worker !== undefined && Date.now() - this.#heardAt > STALLED_MS
    const wait = stalled ? { for: 'its own thread, which is busy', since: this.#heardAt } : this.#wait
    const nodeWarnings = this.#warnings.recent(Math.floor(Date.now() / 1000))
    return { stopped: this.#stopped, beat: this.#beat, wait, nodeWarnings }
  }

  send(message: ToThread): void {
    this.#worker?.postMessage(message)
  }

  async stop(): Promise<void> {
    this.#stopping = true
    clearTimeout(this.#restart)
    this.send('stop')
    await this.#ended
  }

  #take(message: FromThread): void {
    const { log, onHead, onProgress, onStopped } = this.#deps
    this.#heardAt = Date.now()
    switch (message.type) {
      case 'log':
        log[message.level](message.fields, message.message)
        if (message.level === 'warn')
          this.#warnings.note(message.message, message.fields, Math.floor(Date.now() / 1000))
        break
      case 'progress':
        onProgress(message.progress)
        break
      case 'beat':
        this.#beat = { ...message.beat, at: Math.floor(Date.now() / 1000) }
        // A beat proves that the restarted thread follows its chain again.
        if (!this.#forGood) this.#stopped = undefined
        break
      case 'head':
        onHead(message.block, message.at)
        break
      case 'waiting':
        this.#wait = message.wait
        break
      case 'stopped':
        this.#forGood = true
        this.#stopped = { code: message.code, error: message.error }
        onStopped(this.#stopped)
        break
    }
  }

  #exited(thrown: unknown, code: number): void {
    this.#wait = undefined
    if (this.#stopping || this.#forGood) return
    const { data, log } = this.#deps
    const reason = thrown instanceof Error ? thrown.message : `exit code ${code}`
    if (performance.now() - this.#startedAt > RECOVERED_MS) this.#crashes = 0
    const pauseMs = Math.min(RESTART_PAUSES.maxMs, RESTART_PAUSES.firstMs * 2 ** Math.min(this.#crashes, 16))
    this.#crashes += 1
    this.#stopped = { code: undefined, error: `the indexer crashed (${reason}) and will start again` }
    log.error(
      { chain: data.chain.id, code: 'INTERNAL', err: thrown, crashes: this.#crashes, pause_ms: pauseMs },
      'the indexer crashed',
    )
    this.#restart = setTimeout(() => this.start(), pauseMs)
  }
}
