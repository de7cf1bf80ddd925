import { isServiceError, ServiceError } from '../../../core/errors.ts'
import { type ErrorAnswer, type Failure, HTTP_STATUS } from '../../http/errors.ts'
import type { Issue } from '../../schema/query.ts'

/** TokenKit's status for each of our codes. A rejected key is 401, as a missing one. */
const STATUS: typeof HTTP_STATUS = { ...HTTP_STATUS, FORBIDDEN: 401, BALANCE_UNKNOWN: 502 }

/** These failures have the body `{"detail": …}`, as of the vendor's authentication and throttling. */
const DETAILS: ReadonlySet<Failure['code']> = new Set<Failure['code']>([
  'UNAUTHORIZED',
  'FORBIDDEN',
  'TOO_MANY_REQUESTS',
])

/** Returns a failure in TokenKit's format: `{"success": false, "error": …}`, or `{"detail": …}`. */
export function renderError(failure: Failure): ErrorAnswer {
  const status = STATUS[failure.code]
  const [issue] = failure.issues ?? []
  const message = issue === undefined ? failure.message : says(issue)
  if (!DETAILS.has(failure.code)) return { status, body: { success: false, error: message } }
  const headers = status === 401 ? { headers: { 'www-authenticate': 'api-key realm="tokenkit"' } } : {}
  return { status, body: { detail: message }, ...headers }
}

/** The message for a parameter: `<parameter>: …`. */
export function says(issue: Issue): string {
  const { parameter, problem, limit = 0 } = issue
  switch (problem) {
    case 'missing':
      return `${parameter}: This field is required.`
    case 'malformed':
      return issue.type === 'string' ? `${parameter}: Malformed.` : `${parameter}: Expected ${article(issue.type)}.`
    case 'out_of_range':
      return `${parameter}: Out of range.`
    case 'repeated':
      return `${parameter}: Given more than once.`
    case 'too_many':
      return `${parameter}: At most ${limit}.`
    case 'too_few':
      return `${parameter}: At least ${limit}.`
  }
}

function article(type: Issue['type']): string {
  return /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`
}

/**
 * Returns the result of the work. If it rejects the request, the error names the parameter that can be changed, as all of
 * this dialect's do.
 * @throws PARAMETER_INVALID, and what else the work throws
 */
export async function naming<T>(parameter: string, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (!isServiceError(error, 'BAD_REQUEST')) throw error
    const [first = '', ...rest] = error.message
    throw new ServiceError('PARAMETER_INVALID', `${parameter}: ${first.toUpperCase()}${rest.join('')}.`, {
      cause: error,
    })
  }
}
