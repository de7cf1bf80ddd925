import type { Worker } from 'node:worker_threads'
import type { ChainId } from '../core/chain.ts'
import { ERRORS, type ErrorCode, isServiceError, ServiceError } from '../core/errors.ts'
import type { LedgerRules } from '../ledger/decide.ts'
import type { CommitResult } from '../ledger/group-commit.ts'
import type { LedgerRequest, Outcome } from '../ledger/ledger.ts'
import { QueuedLedger } from '../ledger/queued-ledger.ts'
import type { OnDamage } from '../store/seam/damage.ts'
import type { LedgerReads, LedgerWrites } from '../store/seam/ledger-store.ts'
import type { Logger } from './log.ts'
import { startThread } from './thread.ts'

/** How often an idle ledger checks whether it can be written, in milliseconds. */
export const LOOK_MS = 1_000

/**
 * The input of the ledger's thread. `slowCommitMs`: extra time of each commit, only for measurements. `lookMs`: `LOOK_MS`, except in
 * tests.
 */
export type LedgerThreadData = {
  readonly store: string
  readonly chain: ChainId
  readonly rules: LedgerRules
  readonly slowCommitMs: number
  readonly lookMs: number
}

/** A message to the thread: requests to commit in order, or stop. */
export type ToLedgerThread = readonly LedgerRequest[] | 'stop'

/** A failure as sent between threads. `code` undefined: a bug. */
export type Failure = { readonly code: string | undefined; readonly message: string }

/** The result of a request as sent between threads. */
export type CommitMessage = { readonly outcome: Outcome } | Failure

/**
 * A message from the thread. `trouble`: why writes fail at the moment, undefined once they succeed. `refused`: the
 * thread ends for good.
 */
export type FromLedgerThread =
  | { readonly type: 'open' }
  | {
      readonly type: 'settled'
      readonly settled: readonly CommitMessage[]
      readonly writes: LedgerWrites | undefined
    }
  | { readonly type: 'trouble'; readonly trouble: Failure | undefined }
  | ({ readonly type: 'refused' } & Failure)

/** A ledger that can be written. */
export type LedgerHandle = {
  readonly ledger: QueuedLedger
  /** Why nothing can be written. `forGood`: it does not pass by itself. */
  readonly trouble: () => { readonly error: string; readonly forGood: boolean } | undefined
  /** The writes since the start. */
  readonly writes: () => LedgerWrites
  /** Commits the waiting requests, and ends the thread. */
  readonly stop: () => Promise<void>
}

/**
 * Heap of the ledger's thread, in MB: at most 120 of remembered registrations and wallets, 80 of assets by id (each
 * file states its part) and 30 of waiting requests; the same again leaves room for the garbage collector.
 */
const HEAP_MB = 512

const NOTHING_WRITTEN: LedgerWrites = {
  commits: 0,
  operations: 0,
  checkpoints: 0,
  checkpointsFailed: 0,
  checkpointError: undefined,
}

/** Pauses before a dead thread is started again, in milliseconds. */
const RESTART_PAUSES = { firstMs: 2_000, maxMs: 60_000 }

type LedgerDeps = {
  readonly data: LedgerThreadData
  readonly reads: LedgerReads
  readonly log: Logger
  /** Called when the file of a running ledger turns out to be damaged. */
  readonly onDamage?: OnDamage | undefined
}

/**
 * Starts a ledger's writer in a thread of its own. Resolves once its record is open, or once it turns out that the
 * record cannot be written at the moment: it is then read-only, and becomes writable by itself. A dead thread is
 * started again.
 * @throws STORE_UNAVAILABLE, STORE_DAMAGED, STORE_MISMATCH, STORE_REPLACED from the store
 */
export async function startLedger(deps: LedgerDeps): Promise<LedgerHandle> {
  const writer = new LedgerWriter(deps)
  await writer.start()
  return {
    ledger: writer.ledger,
    trouble: () => writer.trouble,
    writes: () => writer.writes,
    stop: () => writer.stop(),
  }
}

class LedgerWriter {
  readonly ledger: QueuedLedger
  writes = NOTHING_WRITTEN
  trouble: { readonly error: string; readonly forGood: boolean } | undefined
  readonly #deps: LedgerDeps
  /** The writes of earlier threads. */
  #written = NOTHING_WRITTEN
  #worker: Worker | undefined
  #ended: Promise<void> = Promise.resolve()
  #deaths = 0
  /** The thread reported that it cannot continue: starting it again would not help. */
  #hasFailed = false
  /** The thread was open once, so the reason why it ended may pass. */
  #wasOpen = false
  #restart: NodeJS.Timeout | undefined
  #stopping = false

  constructor(deps: LedgerDeps) {
    this.#deps = deps
    this.ledger = new QueuedLedger({ send: (requests) => this.#worker?.postMessage(requests), reads: deps.reads })
  }

  /** Resolves once the thread has reported its state. @throws the error that ended the thread */
  start(): Promise<void> {
    const { data, log } = this.#deps
    const resourceLimits = { maxOldGenerationSizeMb: HEAP_MB }
    const worker = startThread('ledger-thread', { workerData: data, resourceLimits })
    this.#worker = worker
    this.#written = this.writes
    worker.on('error', (thrown) => {
      log.error({ chain: data.chain, code: 'INTERNAL', err: thrown }, 'the ledger ended with a bug')
      this.#fail(thrown.message)
    })
    return new Promise((resolve, reject) => {
      worker.on('message', (message: FromLedgerThread) => {
        this.#take(message)
        if (message.type === 'refused') reject(errorOf(message))
        else resolve()
      })
      this.#ended = new Promise((done) => {
        worker.once('exit', () => {
          this.#worker = undefined
          this.#exited()
          reject(new ServiceError('UNAVAILABLE', `${data.chain} could not be opened`))
          done()
        })
      })
    })
  }

  async stop(): Promise<void> {
    this.#stopping = true
    clearTimeout(this.#restart)
    this.ledger.close('The ledger is shutting down')
    this.#worker?.postMessage('stop')
    await this.#ended
  }

  #take(message: FromLedgerThread): void {
    switch (message.type) {
      case 'open':
        this.#wasOpen = true
        this.#told(undefined)
        break
      case 'trouble':
        this.#told(message.trouble)
        break
      case 'settled':
        if (message.writes !== undefined) this.#count(message.writes)
        this.ledger.resolveOldest(message.settled.map(commitResultOf))
        break
      case 'refused': {
        this.#hasFailed = true
        this.#fail(message.message)
        const error = errorOf(message)
        if (isServiceError(error, 'STORE_DAMAGED')) this.#deps.onDamage?.(error)
        break
      }
    }
  }

  /** Records a temporary reason why writes fail, or that they succeed again. */
  #told(trouble: Failure | undefined): void {
    const { data, log } = this.#deps
    const before = this.trouble
    if (trouble === undefined) {
      this.trouble = undefined
      this.ledger.accept()
      if (before !== undefined) log.info({ chain: data.chain }, 'the ledger accepts operations again')
      return
    }
    this.trouble = { error: trouble.message, forGood: false }
    if (before?.error === trouble.message) return
    log.error({ chain: data.chain, code: trouble.code, error: trouble.message }, 'the ledger accepts no operations')
  }

  #count(writes: LedgerWrites): void {
    const { data, log } = this.#deps
    const total = sumOf(this.#written, writes)
    if (total.checkpointsFailed > this.writes.checkpointsFailed) {
      const reason = total.checkpointError
      log.warn({ chain: data.chain, reason }, "the ledger's write-ahead log was not copied into its file: it grows")
    }
    this.writes = total
  }

  #fail(reason: string): void {
    this.trouble = { error: reason, forGood: true }
    this.ledger.fail('The ledger is not available')
  }

  #exited(): void {
    if (this.#stopping || this.#hasFailed) return
    if (this.trouble?.forGood !== true) this.#fail('the ledger has ended')
    if (!this.#wasOpen) return
    const pauseMs = Math.min(RESTART_PAUSES.maxMs, RESTART_PAUSES.firstMs * 2 ** Math.min(this.#deaths, 16))
    this.#deaths += 1
    this.#restart = setTimeout(() => {
      // /health already shows why the start failed.
      this.start().catch(() => undefined)
    }, pauseMs)
  }
}

/** The writes of two threads together. */
function sumOf(before: LedgerWrites, now: LedgerWrites): LedgerWrites {
  return {
    commits: before.commits + now.commits,
    operations: before.operations + now.operations,
    checkpoints: before.checkpoints + now.checkpoints,
    checkpointsFailed: before.checkpointsFailed + now.checkpointsFailed,
    checkpointError: now.checkpointError ?? before.checkpointError,
  }
}

function commitResultOf(message: CommitMessage): CommitResult {
  return 'outcome' in message ? message : { error: errorOf(message) }
}

/** The error in a message. Without a code it is a bug, and stays one. */
function errorOf({ code, message }: Failure): Error {
  return isErrorCode(code) ? new ServiceError(code, message) : new Error(message)
}

function isErrorCode(code: string | undefined): code is ErrorCode {
  return code !== undefined && code in ERRORS
}
