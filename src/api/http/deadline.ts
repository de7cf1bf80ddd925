import { ServiceError } from '../../core/errors.ts'
import { LIMITS } from './limits.ts'

/**
 * Returns the result of a request's work if it ends before the request deadline. The deadline covers everything that
 * the work waits for: nodes in sequence, the pauses they ask for, and a busy store. It counts from the end of the current
 * tick of the event loop, because most answers are made within it, and a timer for each costs more than a look-up in the
 * store.
 * @throws UNAVAILABLE at the deadline; a write may still be done: a retry with the same idempotency key returns its
 * result
 */
export function inTime<T>(work: Promise<T>, endOfTick: () => Promise<void>): Promise<T> {
  return new Promise((resolve, reject) => {
    let isDone = false
    let timer: NodeJS.Timeout | undefined
    const done = (): void => {
      isDone = true
      clearTimeout(timer)
    }
    const late = (): void => reject(lateError())
    void endOfTick().then(() => {
      if (!isDone) timer = setTimeout(late, LIMITS.answerMs)
    })
    work.then(
      (result) => {
        done()
        resolve(result)
      },
      (error: unknown) => {
        done()
        reject(error)
      },
    )
  })
}

/** The error of a request that was not answered before its deadline. */
export function lateError(): ServiceError {
  return new ServiceError('UNAVAILABLE', 'Not answered in time')
}
