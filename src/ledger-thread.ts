/** The ledger's thread: owns the writing connection, so that no wait for the disk holds up an answer. */
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { assert } from './core/assert.ts'
import { isServiceError } from './core/errors.ts'
import { commitGroup, MAX_GROUP, type Settled } from './ledger/group-commit.ts'
import type { LedgerRequest } from './ledger/ledger.ts'
import { genesisOf } from './ledger/record.ts'
import type { FromLedgerThread, LedgerThreadData, SettledMessage, ToLedgerThread } from './start-ledger.ts'
import { openStore } from './store/open.ts'
import type { Store } from './store/store.ts'

assert(parentPort !== null, 'this module is a thread')
const port: MessagePort = parentPort
const data = workerData as LedgerThreadData
const tell = (message: FromLedgerThread): void => port.postMessage(message)
const now = (): number => Math.floor(Date.now() / 1000)

const queue: LedgerRequest[] = []
let stopping = false
let wake: () => void = () => undefined

port.on('message', (message: ToLedgerThread) => {
  take(message)
  wake()
})
await main()
port.close()

async function main(): Promise<void> {
  let store: Store
  try {
    store = await openStore({ url: data.store })
  } catch (error) {
    tell({ type: 'refused', ...failureOf(error) })
    return
  }
  try {
    await serve(store)
  } catch (error) {
    tell({ type: 'refused', ...failureOf(error) })
  } finally {
    await store.close()
  }
}

/** Commits what is queued, all of it together, then what came in meanwhile, until told to stop and nothing is left. */
async function serve(store: Store): Promise<void> {
  const slow = data.slowCommitMs
  const journal = await store.ledgers.openJournal(data.chain, genesisOf(data.chain, now()))
  tell({ type: 'open' })
  for (;;) {
    drain(port)
    if (queue.length === 0) {
      if (stopping) break
      await new Promise<void>((resolve) => {
        wake = resolve
      })
      continue
    }
    const requests = queue.splice(0, MAX_GROUP)
    if (slow > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, slow)
    const settled = await commitGroup(journal, requests, { rules: data.rules, now: now() })
    tell({ type: 'settled', settled: settled.map(messageOf), writes: journal.writes })
  }
  await journal.close()
}

/** Takes what has arrived while the last commit ran, without waiting for a turn of the event loop. */
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

/** An error loses its class on the way to another thread: its code and words travel instead. */
function messageOf(settled: Settled): SettledMessage {
  return 'outcome' in settled ? settled : failureOf(settled.error)
}

function failureOf(error: unknown): { readonly code: string | undefined; readonly message: string } {
  const message = error instanceof Error ? error.message : String(error)
  return { code: isServiceError(error) ? error.code : undefined, message }
}
