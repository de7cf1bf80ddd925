import { type ErrorAnswer, type Failure, HTTP_STATUS } from '../../http/errors.ts'
import { type Issue, ParameterError, type RequestPart } from '../../schema/query.ts'

/** The vendor's status for each of our codes. */
const STATUS: typeof HTTP_STATUS = { ...HTTP_STATUS, BODY_NOT_JSON: 422, BODY_NOT_OBJECT: 422 }

/** A problem of a request in pydantic's form: where it is, what is wrong, and the type of the problem. */
export type Detail = { readonly loc: readonly (string | number)[]; readonly msg: string; readonly type: string }

/**
 * Returns a failure in the vendor's format: `{"success": false, "error": …, "suggestion": ""}`. What does not fit its
 * schema is 422 with the details of FastAPI. A key without the scope is 403 with a code.
 */
export function renderError(failure: Failure): ErrorAnswer {
  const { code, message, issues } = failure
  if (issues !== undefined) return unprocessable(issues.map(detailOf))
  if (code === 'BODY_NOT_JSON') return unprocessable([{ loc: ['body'], msg: message, type: 'json_invalid' }])
  if (code === 'BODY_NOT_OBJECT') {
    return unprocessable([{ loc: ['body'], msg: 'Input should be a valid dictionary', type: 'dict_type' }])
  }
  const status = STATUS[code]
  const error = code === 'FORBIDDEN' ? { code: 'INSUFFICIENT_PERMISSION', reason: message, details: {} } : message
  const headers = status === 401 ? { headers: { 'www-authenticate': 'api-key realm="cobo"' } } : {}
  return { status, body: { success: false, error, suggestion: '' }, ...headers }
}

function unprocessable(detail: readonly Detail[]): ErrorAnswer {
  return { status: 422, body: { success: false, error: { detail } } }
}

/** Returns the error for a value that fits its schema and is still wrong. */
export function wrongValue(part: RequestPart, parameter: string, rule: Issue['rule']): ParameterError {
  return new ParameterError([
    { part, parameter, problem: 'malformed', type: 'string', ...(rule === undefined ? {} : { rule }) },
  ])
}

/** The detail of an issue. Messages and types are those of pydantic 2 (https://docs.pydantic.dev/latest/errors/). */
function detailOf(issue: Issue): Detail {
  const { part = 'query', parameter, problem, type, limit = 0 } = issue
  const loc = [part, ...parameter.split('.').map((step) => (/^\d+$/.test(step) ? Number(step) : step))]
  switch (problem) {
    case 'missing':
      return { loc, msg: 'Field required', type: 'missing' }
    case 'malformed':
      return { loc, ...malformed(issue, part) }
    case 'out_of_range':
      return { loc, ...outOfRange(issue) }
    case 'repeated':
      return { loc, msg: 'Input should be given once', type: 'value_error' }
    case 'too_many':
      return { loc, msg: `List should have at most ${limit} items`, type: 'too_long' }
    case 'too_few':
      return {
        loc,
        msg: `${type === 'array' ? 'List' : 'Value'} should have at least ${limit} items`,
        type: 'too_short',
      }
  }
}

type Said = Omit<Detail, 'loc'>

function outOfRange({ limit = 0, bound }: Issue): Said {
  return bound === 'minimum'
    ? { msg: `Input should be greater than or equal to ${limit}`, type: 'greater_than_equal' }
    : { msg: `Input should be less than or equal to ${limit}`, type: 'less_than_equal' }
}

function malformed({ type, rule }: Issue, part: RequestPart): Said {
  if (rule !== undefined) return broken(rule)
  // Text of a query is parsed. A value of a body has a type of its own.
  const isParsed = part !== 'body'
  switch (type) {
    case 'integer':
      return isParsed
        ? { msg: 'Input should be a valid integer, unable to parse string as an integer', type: 'int_parsing' }
        : { msg: 'Input should be a valid integer', type: 'int_type' }
    case 'boolean':
      return isParsed
        ? { msg: 'Input should be a valid boolean, unable to interpret input', type: 'bool_parsing' }
        : { msg: 'Input should be a valid boolean', type: 'bool_type' }
    case 'array':
      return { msg: 'Input should be a valid list', type: 'list_type' }
    case 'object':
      return { msg: 'Input should be a valid dictionary', type: 'dict_type' }
    case 'string':
      return isParsed
        ? { msg: 'Input is not valid here', type: 'value_error' }
        : { msg: 'Input should be a valid string', type: 'string_type' }
  }
}

function broken(rule: NonNullable<Issue['rule']>): Said {
  switch (rule.is) {
    case 'longest':
      return { msg: `String should have at most ${rule.characters} characters`, type: 'string_too_long' }
    case 'shortest':
      return { msg: `String should have at least ${rule.characters} characters`, type: 'string_too_short' }
    case 'uuid':
      return { msg: 'Input should be a valid UUID', type: 'uuid_parsing' }
    case 'pattern':
      return { msg: `String should match pattern '${rule.pattern}'`, type: 'string_pattern_mismatch' }
    case 'values':
      return { msg: `Input should be ${oneOf(rule.values)}`, type: 'literal_error' }
    case 'value':
      return { msg: rule.says, type: rule.type }
  }
}

function oneOf(values: readonly string[]): string {
  const quoted = values.map((value) => `'${value}'`)
  return quoted.length < 2 ? quoted.join('') : `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`
}
