import type { ChainId } from './core/chain.ts'
import { ERRORS, type ErrorCode, ServiceError } from './core/errors.ts'
import type { LedgerRules } from './ledger/decide.ts'
import type { Settled } from './ledger/group-commit.ts'
import type { LedgerRequest, Outcome } from './ledger/ledger.ts'
import { QueuedLedger } from './ledger/queued-ledger.ts'
import type { Logger } from './log.ts'
import type { LedgerReads, LedgerWrites } from './store/ledger-store.ts'
import { startThread } from './thread.ts'

/** What the ledger's thread is given. `slowCommitMs`: each commit takes so much longer; for measurements alone. */
export type LedgerThreadData = {
  readonly store: string
  readonly chain: ChainId
  readonly rules: LedgerRules
  readonly slowCommitMs: number
}

/** What the thread is told: requests to commit in order, or to finish. */
export type ToLedgerThread = readonly LedgerRequest[] | 'stop'

/** What became of a request, as it travels. `code` undefined: a bug. */
export type SettledMessage =
  | { readonly outcome: Outcome }
  | { readonly code: string | undefined; readonly message: string }

/** What the thread says. */
export type FromLedgerThread =
  | { readonly type: 'open' }
  | { readonly type: 'settled'; readonly settled: readonly SettledMessage[]; readonly writes: LedgerWrites }
  | { readonly type: 'refused'; readonly code: string | undefined; readonly message: string }

/** A ledger that can be written. */
export type LedgerHandle = {
  readonly ledger: QueuedLedger
  /** Why nothing can be written any more. */
  readonly error: () => string | undefined
  /** What was done since the start. */
  readonly writes: () => LedgerWrites
  /** Commits what waits, and ends the thread. */
  readonly stop: () => Promise<void>
}

/**
 * Heap of the ledger's thread, in MB: at the very most 120 of remembered registrations and wallets, 80 of assets by id
 * (each file says its part) and 30 of requests that wait; and as much again, so that the collector finds room.
 */
const HEAP_MB = 512

const NOTHING_WRITTEN: LedgerWrites = {
  commits: 0,
  operations: 0,
  checkpoints: 0,
  checkpointsFailed: 0,
  checkpointError: undefined,
}

/**
 * Starts a ledger's writer in a thread of its own; resolves once its record is open.
 * @throws STORE_UNAVAILABLE, STORE_MISMATCH as the store finds it
 */
export async function startLedger(options: {
  readonly data: LedgerThreadData
  readonly reads: LedgerReads
  readonly log: Logger
}): Promise<LedgerHandle> {
  const { data, reads, log } = options
  const worker = startThread('ledger-thread', { workerData: data, resourceLimits: { maxOldGenerationSizeMb: HEAP_MB } })
  const ledger = new QueuedLedger({ send: (requests) => worker.postMessage(requests), reads })
  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
  let writes = NOTHING_WRITTEN
  let error: string | undefined
  const fail = (reason: string): void => {
    error ??= reason
    ledger.fail('The ledger is not available')
  }
  worker.on('error', (thrown) => {
    log.error({ chain: data.chain, code: 'INTERNAL', err: thrown }, 'the ledger ended by a bug')
    fail(thrown.message)
  })
  await new Promise<void>((resolve, reject) => {
    worker.on('message', (message: FromLedgerThread) => {
      if (message.type === 'open') resolve()
      else if (message.type === 'settled') {
        if (message.writes.checkpointsFailed > writes.checkpointsFailed) {
          const reason = message.writes.checkpointError
          log.warn({ chain: data.chain, reason }, "the ledger's write-ahead log was not copied into its file: it grows")
        }
        writes = message.writes
        ledger.settled(message.settled.map(settledOf))
      } else {
        fail(message.message)
        reject(errorOf(message))
      }
    })
    void ended.then(() => {
      fail('the ledger has ended')
      reject(new ServiceError('UNAVAILABLE', `${data.chain} could not be opened`))
    })
  })
  return {
    ledger,
    error: () => error,
    writes: () => writes,
    stop: async () => {
      ledger.close('The ledger is shutting down')
      worker.postMessage('stop')
      await ended
    },
  }
}

function settledOf(message: SettledMessage): Settled {
  return 'outcome' in message ? message : { error: errorOf(message) }
}

/** The error that a message tells of; one without a code is a bug, and stays one. */
function errorOf({ code, message }: { readonly code: string | undefined; readonly message: string }): Error {
  return isErrorCode(code) ? new ServiceError(code, message) : new Error(message)
}

function isErrorCode(code: string | undefined): code is ErrorCode {
  return code !== undefined && code in ERRORS
}
