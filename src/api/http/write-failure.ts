import type { FastifyBaseLogger } from 'fastify'
import { isServiceError } from '../../core/errors.ts'
import type { Dialect } from './dialect.ts'
import { toFailure } from './errors.ts'

/** The media type of every answer of JSON. */
export const JSON_TYPE = 'application/json; charset=utf-8'

/** An answer as it is sent: JSON text, and the headers that not every answer has. */
export type WrittenAnswer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
}

/** The request that failed. `route`: the path of its route, undefined if it has none. */
export type FailedRequest = { readonly id: string; readonly url: string; readonly route: string | undefined }

/** Returns the answer to a request that failed, in the format of the dialect that owns its path. */
export type WriteFailure = (error: unknown, request: FailedRequest) => WrittenAnswer

/** Value of Retry-After for 503: about one poll of a chain's head, and long enough that retries add little load. */
const RETRY_AFTER_SECONDS = '5'

/**
 * Returns the writer of failures. Errors that are not the caller's fault are logged, and callers do not see their
 * details.
 */
export function failureWriter(log: FastifyBaseLogger, dialectOf: (url: string) => Dialect): WriteFailure {
  return (error, { id, url, route }) => {
    const failure = toFailure(error)
    logFailure(log, error, { request_id: id, route, status: failure.code })
    const { status, body, headers } = dialectOf(url).renderError(failure)
    const retry = status === 503 ? { 'retry-after': RETRY_AFTER_SECONDS } : {}
    return { status, headers: { ...retry, ...headers }, text: JSON.stringify(body) }
  }
}

function logFailure(log: FastifyBaseLogger, error: unknown, about: Readonly<Record<string, unknown>>): void {
  if (isServiceError(error)) {
    if (!error.expose) log.warn({ ...about, code: error.code, fields: error.fields }, error.message)
  } else if (about.status === 'INTERNAL') {
    log.error({ ...about, code: 'INTERNAL', err: error }, 'a bug: a request failed')
  }
}
