import type { Built, Ends } from '../bulk/build/build.ts'
import type { BuildJob } from '../bulk/load/checked-build.ts'
import type { RunningBuild } from '../bulk/load/generations.ts'
import type { Mark } from '../bulk/raw-log/mark.ts'
import type { ChainId } from '../core/chain.ts'
import { type ErrorCode, type ErrorFields, ServiceError } from '../core/errors.ts'
import { startThread } from './thread.ts'

/** The input of a build's thread. */
export type BuildData = { readonly chain: ChainId; readonly job: BuildJob }

/** A message to the thread: up to where the log can be read, and lastly up to where it is to be built. */
export type ToBuild =
  | { readonly type: 'read'; readonly mark: Mark }
  | { readonly type: 'finish'; readonly mark: Mark; readonly ends: Ends }

/** A message from the thread. The last one is `built` or `failed`. `code` undefined: a bug. */
export type FromBuild =
  | { readonly type: 'warn'; readonly message: string; readonly fields: Readonly<Record<string, unknown>> }
  | { readonly type: 'built'; readonly built: Built }
  | {
      readonly type: 'failed'
      readonly code: ErrorCode | undefined
      readonly error: string
      readonly fields: ErrorFields
    }

/** How a build is run. */
type BuildRun = {
  readonly signal: AbortSignal
  readonly log: (level: 'warn', message: string, fields: Readonly<Record<string, unknown>>) => void
  /** Starts the thread; `startThread` if not given. */
  readonly start?: typeof startThread
}

/**
 * Begins to build a generation in a thread of its own, which ends with it or with the signal. If the thread ends early, `built`
 * rejects with STORE_UNAVAILABLE: what is in the log can be built again.
 */
export function startBuild(data: BuildData, { signal, log, start = startThread }: BuildRun): RunningBuild {
  signal.throwIfAborted()
  const thread = start('build-thread', { workerData: data })
  const tell = (message: ToBuild): void => thread.postMessage(message)
  const stop = (): void => void thread.terminate()
  signal.addEventListener('abort', stop, { once: true })
  const built = new Promise<Built>((resolve, reject) => {
    thread.on('message', (message: FromBuild) => {
      if (message.type === 'warn') log('warn', message.message, message.fields)
      else if (message.type === 'built') resolve(message.built)
      else reject(errorOf(message))
    })
    thread.on('error', (error) => reject(endedEarly(error.message)))
    thread.on('exit', (code) => {
      signal.removeEventListener('abort', stop)
      reject(signal.aborted ? signal.reason : endedEarly(`exit code ${code}`))
    })
  })
  return {
    readTo: (mark) => tell({ type: 'read', mark }),
    finish: (mark, ends) => tell({ type: 'finish', mark, ends }),
    built,
  }
}

function endedEarly(why: string): ServiceError {
  return new ServiceError('STORE_UNAVAILABLE', `the thread of a build ended early (${why}): the build begins anew`)
}

function errorOf({ code, error, fields }: FromBuild & { readonly type: 'failed' }): Error {
  return code === undefined ? new Error(error) : new ServiceError(code, error, { fields })
}
