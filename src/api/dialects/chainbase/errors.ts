import { ServiceError } from '../../../core/errors.ts'
import { type ErrorAnswer, type Failure, HTTP_STATUS } from '../../http/errors.ts'
import type { Issue } from '../../schema/query.ts'

/** Chainbase's status of each of our codes; its body repeats the status as `code`. */
export const STATUS: typeof HTTP_STATUS = { ...HTTP_STATUS, PARAMETER_INVALID: 422 }

/** A failure as Chainbase's clients expect it: `{code, message, error}`, `code` the HTTP status, `error` the message. */
export function renderError(failure: Failure): ErrorAnswer {
  const issue = firstIssue(failure.issues)
  if (issue === undefined) return answer(STATUS[failure.code], failure.message)
  // A parameter that is not there is a bad request; one that does not fit its schema cannot be processed.
  return answer(issue.problem === 'missing' ? STATUS.BAD_REQUEST : STATUS.PARAMETER_INVALID, says(issue))
}

function answer(status: number, message: string): ErrorAnswer {
  const headers = status === 401 ? { headers: { 'www-authenticate': 'api-key realm="chainbase"' } } : {}
  return { status, body: { code: status, message, error: message }, ...headers }
}

/** One issue is said at a time: what is missing before what is wrong. */
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
  }
}

/** What is answered while the index holds no block at all: a list would be empty for want of knowledge. */
export function nothingIndexed(): ServiceError {
  return new ServiceError('UNAVAILABLE', 'nothing is indexed yet')
}
