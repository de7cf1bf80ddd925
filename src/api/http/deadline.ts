import { ServiceError } from '../../core/errors.ts'
import { LIMITS } from './limits.ts'

/**
 * Returns the result of a request's work if it ends before the request deadline. The deadline covers everything that
 * the work waits for: nodes in sequence, the pauses they ask for, and a busy store.
 * @throws UNAVAILABLE at the deadline; a write may still be done: a retry with the same idempotency key returns its
 * result
 */
export function inTime<T>(work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new ServiceError('UNAVAILABLE', 'Not answered in time')), LIMITS.answerMs)
    work.then(
      (result) => {
        clearTimeout(timer)
        resolve(result)
      },
      (error: unknown) => {
        clearTimeout(timer)
        reject(error)
      },
    )
  })
}
