/** The ledger's thread. It owns the writing connection, so that waiting for the disk delays no answer. */
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { assert } from '../core/assert.ts'
import { isServiceError } from '../core/errors.ts'
import { ClockGuard, readClocks } from '../ledger/clock-guard.ts'
import { type CommitResult, commitGroup, MAX_GROUP } from '../ledger/group-commit.ts'
import type { LedgerRequest } from '../ledger/ledger.ts'
import { genesisOf } from '../ledger/record.ts'
import { openStore } from '../store/open.ts'
import type { LedgerJournal } from '../store/seam/ledger-store.ts'
import type { Store } from '../store/seam/store.ts'
import type { CommitMessage, Failure, FromLedgerThread, LedgerThreadData, ToLedgerThread } from './start-ledger.ts'

assert(parentPort !== null, 'this module is a thread')
const port: MessagePort = parentPort
const data = workerData as LedgerThreadData
const post = (message: FromLedgerThread): void => port.postMessage(message)

/** Failures that affect every write, not one request. */
const TROUBLES: ReadonlySet<string> = new Set(['STORE_FULL', 'STORE_REPLACED', 'STORE_DAMAGED', 'CLOCK_JUMPED'])

const queue: LedgerRequest[] = []
let stopping = false
let wake: () => void = () => undefined

port.on('message', (message: ToLedgerThread) => {
  take(message)
  wake()
})
await main()
port.close()

/** Opens the record and serves it. If the disk is full, tries again until the record can be written. */
async function main(): Promise<void> {
  while (!stopping) {
    try {
      const store = await openStore({ url: data.store })
      try {
        await serve(store)
        return
      } finally {
        await store.close()
      }
    } catch (error) {
      const failure = failureOf(error)
      if (!isServiceError(error, 'STORE_FULL')) {
        post({ type: 'refused', ...failure })
        return
      }
      post({ type: 'trouble', trouble: failure })
      rejectQueued(failure)
      await woken(data.lookMs)
      rejectQueued(failure)
    }
  }
}

/** Commits the queued requests in groups, until told to stop and the queue is empty, or the file is damaged. */
async function serve(store: Store): Promise<void> {
  const slow = data.slowCommitMs
  const journal = await store.ledgers.openJournal(data.chain, genesisOf(data.chain, readClocks().wall))
  const clock = new ClockGuard({ read: readClocks, accepted: () => journal.acceptedClock() })
  let trouble: Failure | undefined
  post({ type: 'open' })
  for (;;) {
    drain(port)
    if (queue.length === 0) {
      if (stopping) break
      trouble = await look({ journal, clock, before: trouble })
      // A request that came while the ledger was looked at woke nobody.
      if (queue.length === 0 && !stopping) await woken(data.lookMs)
      continue
    }
    const requests = queue.splice(0, MAX_GROUP)
    if (slow > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, slow)
    const at = { rules: data.rules, now: clock.now(), mayStamp: (last: number) => clock.mayStamp(last) }
    const settled = await commitGroup(journal, requests, at)
    trouble = outageOf(settled) ?? trouble
    post({ type: 'settled', settled: settled.map(messageOf), writes: journal.writes })
    post({ type: 'trouble', trouble })
    if (trouble?.code === 'STORE_DAMAGED') break
  }
  await journal.close()
  if (trouble?.code === 'STORE_DAMAGED') post({ type: 'refused', ...trouble })
}

function outageOf(settled: readonly CommitResult[]): Failure | undefined {
  for (const one of settled) {
    if (!('outcome' in one) && isServiceError(one.error) && TROUBLES.has(one.error.code)) return failureOf(one.error)
  }
  return undefined
}

/** The reason why the next write would fail, if any. Finds it before a request does. */
async function look(at: {
  readonly journal: LedgerJournal
  readonly clock: ClockGuard
  readonly before: Failure | undefined
}): Promise<Failure | undefined> {
  const { journal, clock, before } = at
  try {
    clock.mayStamp(await journal.probe({ write: before !== undefined }))
    if (before !== undefined) post({ type: 'trouble', trouble: undefined })
    return undefined
  } catch (error) {
    if (!isServiceError(error)) throw error
    const trouble = failureOf(error)
    if (before?.message !== trouble.message) post({ type: 'trouble', trouble })
    return trouble
  }
}

/** Resolves when a message comes, or after `ms` milliseconds. */
function woken(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    wake = () => {
      clearTimeout(timer)
      resolve()
    }
  })
}

function rejectQueued(failure: Failure): void {
  drain(port)
  const settled = queue.splice(0).map(() => failure)
  if (settled.length > 0) post({ type: 'settled', settled, writes: undefined })
}

/** Takes the messages that arrived during the last commit, without waiting for the next tick. */
function drain(from: MessagePort): void {
  for (;;) {
    const received = receiveMessageOnPort(from)
    if (received === undefined) return
    take(received.message as ToLedgerThread)
  }
}

function take(message: ToLedgerThread): void {
  if (message === 'stop') stopping = true
  else queue.push(...message)
}

/** An error loses its class between threads, so its code and message travel instead. */
function messageOf(settled: CommitResult): CommitMessage {
  return 'outcome' in settled ? settled : failureOf(settled.error)
}

function failureOf(error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error)
  return { code: isServiceError(error) ? error.code : undefined, message }
}
