import type { SweepHelper, SweepJob, Swept } from '../bulk/build/sweep-share.ts'
import { type ErrorCode, ServiceError } from '../core/errors.ts'
import { RowTooLarge } from '../store/seam/bulk-sink.ts'
import { startThread } from './thread.ts'

/** The one answer of the thread. `code` undefined: a row is too large for the sink, or a bug. */
export type FromSweep =
  | { readonly type: 'swept'; readonly swept: Swept }
  | {
      readonly type: 'failed'
      readonly code: ErrorCode | undefined
      readonly isRowTooLarge: boolean
      readonly error: string
    }

/** Starts a thread that sweeps a share of one build. It ends with that, with `end`, or with the thread that started it. */
export function startSweepHelper(): SweepHelper & { readonly end: () => void } {
  const thread = startThread('sweep-thread', {})
  const swept = new Promise<Swept>((resolve, reject) => {
    thread.on('message', (message: FromSweep) => {
      if (message.type === 'swept') resolve(message.swept)
      else reject(errorOf(message))
    })
    thread.on('error', reject)
    thread.on('exit', () => reject(new Error('the thread of a sweep ended early')))
  })
  // It may end before anything is asked of it.
  swept.catch(() => undefined)
  return {
    sweep: (job: SweepJob) => {
      thread.postMessage(job)
      return swept
    },
    end: () => void thread.terminate(),
  }
}

function errorOf({ code, error, isRowTooLarge }: Extract<FromSweep, { type: 'failed' }>): Error {
  if (isRowTooLarge) return new RowTooLarge(error)
  return code === undefined ? new Error(error) : new ServiceError(code, error)
}
