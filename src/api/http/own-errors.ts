import type { ExposableCode } from '../../core/errors.ts'
import type { Dialect } from './dialect.ts'
import type { Failure } from './errors.ts'

const STATUS: Readonly<Record<ExposableCode | 'INTERNAL', number>> = {
  BAD_REQUEST: 400,
  PARAMETER_INVALID: 400,
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

/** The tag of our own calls in the documentation. */
export const OWN_TAG = 'Steelyard'

/** The words of paths that are no vendor's: `{"error":"Not found"}`. */
export const OWN: Dialect = {
  name: 'steelyard',
  prefixes: [],
  register: () => undefined,
  tag: OWN_TAG,
  examples: async () => ({ values: {} }),
  renderError: (failure: Failure) => ({ status: STATUS[failure.code], body: { error: failure.message } }),
}
