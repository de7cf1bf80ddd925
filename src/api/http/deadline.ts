import { ServiceError } from '../../core/errors.ts'
import { LIMITS } from './limits.ts'

/**
 * What the work of a request brings, where it does so before the deadline of requests. It bounds everything that the work
 * waits for together: nodes one after the other, pauses that they ask for, and a busy store.
 * @throws UNAVAILABLE at the deadline; a write may have been done all the same, as its key tells when it is sent again
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
