import { ServiceError } from '../../../core/errors.ts'
import { type ErrorAnswer, type Failure, HTTP_STATUS } from '../../http/errors.ts'
import type { Issue } from '../../schema/query.ts'

/** Chainbase's status for each of our codes. The body repeats the status as `code`. */
export const STATUS: typeof HTTP_STATUS = { ...HTTP_STATUS, PARAMETER_INVALID: 422 }

/**
 * Returns a failure in Chainbase's format: `{code, message, error}`. `code` is the HTTP status, `error` the message.
 */
export function renderError(failure: Failure): ErrorAnswer {
  const issue = firstIssue(failure.issues)
  if (issue === undefined) return answer(STATUS[failure.code], failure.message)
  // A missing parameter is a bad request. A parameter that does not fit its schema is unprocessable.
  return answer(issue.problem === 'missing' ? STATUS.BAD_REQUEST : STATUS.PARAMETER_INVALID, says(issue))
}

function answer(status: number, message: string): ErrorAnswer {
  const headers = status === 401 ? { headers: { 'www-authenticate': 'api-key realm="chainbase"' } } : {}
  return { status, body: { code: status, message, error: message }, ...headers }
}

/** The answer reports one issue: a missing parameter before a wrong one. */
function firstIssue(issues: readonly Issue[] = []): Issue | undefined {
  return issues.find((issue) => issue.problem === 'missing') ?? issues[0]
}

function says(issue: Issue): string {
  switch (issue.problem) {
    case 'missing':
      return `${issue.parameter} is required`
    case 'malformed':
      return issue.type === 'integer' ? `${issue.parameter} is not an integer` : `${issue.parameter} is malformed`
    case 'out_of_range':
      return `${issue.parameter} out of range`
    case 'repeated':
      return `${issue.parameter} is repeated`
    case 'too_many':
      return `${issue.parameter} has more than ${issue.limit ?? 0} items`
    case 'too_few':
      return `${issue.parameter} has fewer than ${issue.limit ?? 0} items`
  }
}

/** Returns the error for an index without any block: an empty list would only reflect missing data. */
export function nothingIndexed(): ServiceError {
  return new ServiceError('UNAVAILABLE', 'nothing is indexed yet')
}
