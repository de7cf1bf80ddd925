import { ServiceError } from '../../../core/errors.ts'
import { parseTime } from '../../http/utc-time.ts'
import { ParameterError } from '../../schema/query.ts'

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
