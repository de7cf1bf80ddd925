import { ServiceError } from '../../../core/errors.ts'
import { ParameterError } from '../../schema/query.ts'

/** ISO 8601: a date, alone or with a time; the offset may be absent, and is then UTC. */
const ISO = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+-]\d\d:?\d\d)?)?$/i

/** The space before an offset: a `+` of the query that was not percent-encoded. A time comes before it. */
const SPACE_FOR_PLUS = /(?<=\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?) (?=\d\d:?\d\d$)/

/** Returns Unix seconds of ISO 8601 text, rounded down, or undefined. */
function parseTime(text: string): number | undefined {
  const match = ISO.exec(text.trim().replace(SPACE_FOR_PLUS, '+'))
  if (match === null) return undefined
  const [, date = '', time = '00:00:00', offset = 'Z'] = match
  if (!isDate(date)) return undefined
  const colon = /^[+-]\d{4}$/.test(offset) ? `${offset.slice(0, 3)}:${offset.slice(3)}` : offset.toUpperCase()
  const ms = Date.parse(`${date}T${time.length === 5 ? `${time}:00` : time}${colon}`)
  return Number.isNaN(ms) || ms < 0 ? undefined : Math.floor(ms / 1_000)
}

/** True for a day of the calendar. `Date.parse` takes 30 February as 2 March. */
function isDate(date: string): boolean {
  const ms = Date.parse(`${date}T00:00:00Z`)
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(date)
}

/** As `parseTime`, for a parameter. @throws ParameterError */
export function timeParameter(name: string, text: string): number {
  const seconds = parseTime(text)
  if (seconds === undefined) throw new ParameterError([{ parameter: name, problem: 'malformed', type: 'string' }])
  return seconds
}

/** As `timeParameter`, for a parameter that may be absent. @throws ParameterError */
export function optionalTime(name: string, text: string | undefined): number | undefined {
  return text === undefined ? undefined : timeParameter(name, text)
}

/**
 * Returns the range that `start_time` and `end_time` give, in Unix seconds, both inclusive. `to` is undefined if the
 * range has no end.
 * @throws ParameterError; PARAMETER_INVALID it ends before it begins
 */
export function rangeParameters(query: { readonly start_time: string; readonly end_time?: string }): {
  readonly from: number
  readonly to: number | undefined
} {
  const from = timeParameter('start_time', query.start_time)
  const to = optionalTime('end_time', query.end_time)
  if (to !== undefined && to < from) throw new ServiceError('PARAMETER_INVALID', 'end_time: Before start_time.')
  return { from, to }
}
