import type { ExposableCode } from '../../../core/errors.ts'
import type { ErrorAnswer, Failure } from '../../http/errors.ts'
import { VendorError } from '../../http/route.ts'
import type { Issue } from '../../schema/query.ts'

/** The vendor's codes, each with its status and message. Texts from the vendor's pages are copied exactly. */
export const CODES = {
  MISSING_QUERY_PARAM: { status: 400, says: 'Asset ID or wallet address missing' },
  INVALID_INPUT: { status: 400, says: 'One or more required fields are missing' },
  INSUFFICIENT_FUNDS: { status: 400, says: "Not enough tokens in sender's wallet" },
  INVALID_BURN_AMOUNT: { status: 400, says: 'Amount exceeds token holdings' },
  WALLET_NOT_FOUND: { status: 404, says: 'Wallet address does not exist' },
  ASSET_NOT_FOUND: { status: 404, says: 'Asset ID does not exist' },
  ASSET_OR_WALLET_NOT_FOUND: { status: 404, says: 'Asset or wallet does not exist' },
  DUPLICATE_MINT: { status: 409, says: 'Token for this asset already exists' },
  MINT_CONFLICT: { status: 409, says: 'Conflict during mint operation' },
  TRANSFER_CONFLICT: { status: 409, says: 'Conflict occurred (e.g., simultaneous transfers)' },
  BURN_CONFLICT: { status: 409, says: 'Conflict during burn operation' },
  ASSET_CONFLICT: { status: 409, says: 'Asset is already registered with other content' },
  WALLET_CONFLICT: { status: 409, says: 'Conflict during wallet registration' },
  UNAUTHORIZED: { status: 401, says: 'API key is missing' },
  FORBIDDEN: { status: 403, says: 'API key is invalid' },
  NOT_FOUND: { status: 404, says: 'Not found' },
  METHOD_NOT_ALLOWED: { status: 405, says: 'Method not allowed' },
  PAYLOAD_TOO_LARGE: { status: 413, says: 'Body is too large' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, says: 'Body must be application/json' },
  REQUEST_TIMEOUT: { status: 408, says: 'Request timed out' },
  URL_TOO_LONG: { status: 414, says: 'URL is too long' },
  HEADERS_TOO_LARGE: { status: 431, says: 'Headers are too large' },
  EXPECTATION_FAILED: { status: 417, says: 'Expectation is not supported' },
  TOO_MANY_REQUESTS: { status: 429, says: 'Too many requests' },
  INTERNAL_ERROR: { status: 500, says: 'Unexpected server error' },
  SERVICE_UNAVAILABLE: { status: 503, says: 'Service unavailable' },
} as const satisfies Readonly<Record<string, { readonly status: number; readonly says: string }>>

/** A code of this vendor's errors. */
export type AbcCode = keyof typeof CODES

const CODE_OF: Readonly<Record<ExposableCode | 'INTERNAL', AbcCode>> = {
  BAD_REQUEST: 'INVALID_INPUT',
  PARAMETER_INVALID: 'INVALID_INPUT',
  BODY_NOT_JSON: 'INVALID_INPUT',
  BODY_NOT_OBJECT: 'INVALID_INPUT',
  UNAUTHORIZED: 'UNAUTHORIZED',
  FORBIDDEN: 'FORBIDDEN',
  NOT_FOUND: 'NOT_FOUND',
  METHOD_NOT_ALLOWED: 'METHOD_NOT_ALLOWED',
  PAYLOAD_TOO_LARGE: 'PAYLOAD_TOO_LARGE',
  UNSUPPORTED_MEDIA_TYPE: 'UNSUPPORTED_MEDIA_TYPE',
  REQUEST_TIMEOUT: 'REQUEST_TIMEOUT',
  URL_TOO_LONG: 'URL_TOO_LONG',
  HEADERS_TOO_LARGE: 'HEADERS_TOO_LARGE',
  EXPECTATION_FAILED: 'EXPECTATION_FAILED',
  TOO_MANY_REQUESTS: 'TOO_MANY_REQUESTS',
  CHAIN_UNSUPPORTED: 'SERVICE_UNAVAILABLE',
  NOT_A_TOKEN: 'ASSET_NOT_FOUND',
  BALANCE_UNKNOWN: 'SERVICE_UNAVAILABLE',
  UNAVAILABLE: 'SERVICE_UNAVAILABLE',
  INTERNAL: 'INTERNAL_ERROR',
}

/** Returns a failure in ABC-Labs' format. Code and message appear twice, flat and nested. */
export function renderError(failure: Failure): ErrorAnswer {
  const code = CODE_OF[failure.code]
  const [issue] = failure.issues ?? []
  if (issue !== undefined) return answer(code, says(issue), issue)
  return answer(code, failure.code === 'INTERNAL' ? CODES.INTERNAL_ERROR.says : failure.message)
}

/** Returns a rejection with the vendor's message, or another one if the vendor has two messages for one code. */
export function vendorError(code: AbcCode, message: string = CODES[code].says): VendorError {
  return new VendorError(answer(code, message))
}

/** Returns a rejection of a body: the vendor's message, and in addition the first wrong field and its problem. */
export function bodyError(issues: readonly Issue[]): VendorError {
  return new VendorError(answer('INVALID_INPUT', CODES.INVALID_INPUT.says, issues[0]))
}

function answer(code: AbcCode, message: string, issue?: Issue): ErrorAnswer {
  const { status } = CODES[code]
  const headers = status === 401 ? { headers: { 'www-authenticate': 'api-key realm="abc-labs"' } } : {}
  const error = issue === undefined ? { code, message } : { code, message: says(issue), field: issue.parameter }
  return { status, body: { status: 'error', status_code: status, error_code: code, message, error }, ...headers }
}

function says({ parameter, problem }: Issue): string {
  switch (problem) {
    case 'missing':
      return `${parameter} is missing`
    case 'malformed':
      return `${parameter} is malformed`
    case 'out_of_range':
      return `${parameter} is out of range`
    case 'repeated':
      return `${parameter} is repeated`
    case 'too_many':
      return `${parameter} has too many items`
    case 'too_few':
      return `${parameter} has too few items`
  }
}
