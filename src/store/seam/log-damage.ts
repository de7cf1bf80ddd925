import { isServiceError, ServiceError } from '../../core/errors.ts'

/**
 * The error of a raw log that lacks or changed what its mark tells. Nothing is lost with the log: what was published is in the
 * store, and the rest can be fetched again.
 */
export function logDamaged(what: string): ServiceError {
  return new ServiceError('STORE_DAMAGED', what, { fields: { rawLog: true } })
}

/** True for an error of `logDamaged`, also if it comes from another thread. */
export function isLogDamaged(error: unknown): error is ServiceError {
  return isServiceError(error, 'STORE_DAMAGED') && error.fields.rawLog === true
}
