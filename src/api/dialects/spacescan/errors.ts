import { type ErrorAnswer, type Failure, HTTP_STATUS } from '../../http/errors.ts'

/** Spacescan's status for each of our codes. A rejected key is 401, as the vendor's is. */
const STATUS: typeof HTTP_STATUS = { ...HTTP_STATUS, FORBIDDEN: 401 }

/** The vendor's own messages. Others say more about the request or about this server. */
const MESSAGES: Readonly<Partial<Record<Failure['code'], string>>> = {
  UNAUTHORIZED: 'Unauthorized',
  FORBIDDEN: 'Unauthorized',
  TOO_MANY_REQUESTS: 'Too many requests',
  BALANCE_UNKNOWN: 'Service unavailable',
}

/** Returns a failure in Spacescan's format: `{"status": "failed", "message": …}`. */
export function renderError(failure: Failure): ErrorAnswer {
  const status = STATUS[failure.code]
  const [issue] = failure.issues ?? []
  const message = MESSAGES[failure.code] ?? (issue === undefined ? failure.message : `Invalid ${issue.parameter}`)
  const headers = status === 401 ? { headers: { 'www-authenticate': 'api-key realm="spacescan"' } } : {}
  return { status, body: { status: 'failed', message }, ...headers }
}
