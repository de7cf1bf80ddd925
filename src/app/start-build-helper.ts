import type { SweepHelper, SweepJob, Swept } from '../bulk/build/sweep-share.ts'
import { assert } from '../core/assert.ts'
import { type ErrorCode, ServiceError } from '../core/errors.ts'
import type { CheckTables, TableCheck } from '../store/seam/bulk-check.ts'
import { RowTooLarge } from '../store/seam/bulk-sink.ts'
import { startThread } from './thread.ts'

/** A message to the thread, which answers each with one. */
export type ToHelper =
  | { readonly type: 'sweep'; readonly job: SweepJob }
  | { readonly type: 'check'; readonly check: TableCheck }

/** An answer of the thread. `code` undefined: a row is too large for the sink, or a bug. */
export type FromHelper =
  | { readonly type: 'swept'; readonly swept: Swept }
  | { readonly type: 'checked'; readonly fault: string | undefined }
  | {
      readonly type: 'failed'
      readonly code: ErrorCode | undefined
      readonly isRowTooLarge: boolean
      readonly error: string
    }

/** The second thread of a build: sweeps a share of it, and then looks at its tables. `end`: ends the thread. */
export type BuildHelper = SweepHelper & { readonly checkTables: CheckTables; readonly end: () => void }

type Waiting = { readonly resolve: (answer: FromHelper) => void; readonly reject: (error: Error) => void }

/** Starts the second thread of a build. It ends with `end`, or with the thread that started it. */
export function startBuildHelper(): BuildHelper {
  const thread = startThread('build-helper-thread', {})
  let ended: Error | undefined
  let waiting: Waiting | undefined
  const fail = (error: Error): void => {
    ended ??= error
    waiting?.reject(ended)
  }
  thread.on('message', (answer: FromHelper) => {
    const { resolve } = waiting ?? {}
    waiting = undefined
    resolve?.(answer)
  })
  thread.on('error', fail)
  thread.on('exit', () => fail(new Error('the second thread of a build ended early')))
  const ask = async (message: ToHelper): Promise<Exclude<FromHelper, { type: 'failed' }>> => {
    assert(waiting === undefined, 'the thread does one thing at a time')
    const answer = await new Promise<FromHelper>((resolve, reject) => {
      waiting = { resolve, reject }
      if (ended === undefined) thread.postMessage(message)
      else reject(ended)
    })
    if (answer.type === 'failed') throw errorOf(answer)
    return answer
  }
  return {
    sweep: async (job) => {
      const answer = await ask({ type: 'sweep', job })
      assert(answer.type === 'swept', 'a sweep is answered')
      return answer.swept
    },
    checkTables: async (check) => {
      const answer = await ask({ type: 'check', check })
      assert(answer.type === 'checked', 'a check is answered')
      return answer.fault
    },
    end: () => void thread.terminate(),
  }
}

function errorOf({ code, error, isRowTooLarge }: Extract<FromHelper, { type: 'failed' }>): Error {
  if (isRowTooLarge) return new RowTooLarge(error)
  return code === undefined ? new Error(error) : new ServiceError(code, error)
}
