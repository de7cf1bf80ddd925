import {
  type ErrorCode,
  type ExposableCode,
  isExposable,
  isServiceError,
  type ServiceError,
} from '../../core/errors.ts'
import { type Issue, ParameterError } from '../schema/query.ts'

/** The part of an error that an API caller may see. A dialect maps every code to its vendor's status and body. */
export type Failure = {
  readonly code: ExposableCode | 'INTERNAL'
  readonly message: string
  /** With PARAMETER_INVALID: the invalid parameters, at least one. */
  readonly issues?: readonly Issue[]
}

/** The usual HTTP status of each code. A dialect overrides the ones that its vendor treats differently. */
export const HTTP_STATUS: Readonly<Record<Failure['code'], number>> = {
  BAD_REQUEST: 400,
  PARAMETER_INVALID: 400,
  BODY_NOT_JSON: 400,
  BODY_NOT_OBJECT: 400,
  UNAUTHORIZED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  PAYLOAD_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  REQUEST_TIMEOUT: 408,
  URL_TOO_LONG: 414,
  HEADERS_TOO_LARGE: 431,
  EXPECTATION_FAILED: 417,
  TOO_MANY_REQUESTS: 429,
  CHAIN_UNSUPPORTED: 400,
  NOT_A_TOKEN: 404,
  BALANCE_UNKNOWN: 503,
  UNAVAILABLE: 503,
  INTERNAL: 500,
}

/** A failure in the form that a vendor's clients expect. `body` is a plain object for JSON. */
export type ErrorAnswer = {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
  readonly headers?: Readonly<Record<string, string>>
}

const INTERNAL: Failure = { code: 'INTERNAL', message: 'Internal server error' }
const UNAVAILABLE: Failure = { code: 'UNAVAILABLE', message: 'Service unavailable' }

/**
 * Errors of Fastify by its error code. Other Fastify errors are mapped by their status. Fastify's own texts are never
 * sent.
 */
const FASTIFY_FAILURES: Readonly<Record<string, Failure>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: { code: 'PAYLOAD_TOO_LARGE', message: 'Body is too large' },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: { code: 'UNSUPPORTED_MEDIA_TYPE', message: 'Body must be application/json' },
  FST_ERR_NOT_FOUND: { code: 'NOT_FOUND', message: 'Not found' },
}

/**
 * Returns the failure to show for an error. An error that is not exposable becomes INTERNAL, or UNAVAILABLE if it may
 * pass.
 */
export function toFailure(error: unknown): Failure {
  if (error instanceof ParameterError) {
    return { code: 'PARAMETER_INVALID', message: 'Invalid parameters', issues: error.issues }
  }
  if (isExposable(error)) return { code: error.code, message: error.message }
  if (isServiceError(error)) return mayPass(error) ? unavailable(error) : INTERNAL
  return fastifyFailure(error) ?? INTERNAL
}

function unavailable({ code }: ServiceError): Failure {
  return { ...UNAVAILABLE, message: OUTAGE_WORDS[code] ?? UNAVAILABLE.message }
}

/** Failures that only an operator can fix. They are neither the caller's fault nor a bug. */
const OUTAGES: ReadonlySet<ErrorCode> = new Set(['ABORTED', 'STORE_DAMAGED', 'STORE_MISMATCH', 'STORE_REPLACED'])

/**
 * True for temporary errors, such as a node or store that is down or a server that stops. They are neither the
 * request's fault nor a bug.
 */
function mayPass(error: ServiceError): boolean {
  return error.retry || OUTAGES.has(error.code)
}

/** Public texts for an outage, without file paths or SQLite messages. The log and `/health` have the details. */
const OUTAGE_WORDS: Readonly<Partial<Record<ErrorCode, string>>> = {
  STORE_DAMAGED: 'The stored data of this chain is damaged',
  STORE_MISMATCH: 'The stored data of this chain is of another version or configuration',
  STORE_FULL: 'The disk is full: nothing can be written at the moment',
  STORE_REPLACED: 'The stored data was deleted or replaced while the server ran',
  CLOCK_JUMPED: "The server's clock jumped: no operation is accepted at the moment",
}

function fastifyFailure(error: unknown): Failure | undefined {
  if (!(error instanceof Error) || !('statusCode' in error)) return undefined
  const known = 'code' in error && typeof error.code === 'string' ? FASTIFY_FAILURES[error.code] : undefined
  if (known !== undefined) return known
  const status = error.statusCode
  const isCallers = typeof status === 'number' && status >= 400 && status < 500
  return isCallers ? { code: 'BAD_REQUEST', message: 'Bad request' } : undefined
}
