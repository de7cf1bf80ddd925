import { ParameterError } from '../../schema/query.ts'

/** The widths of a portfolio's history in UTC, as the vendor names them. Weeks begin on Monday. */
export const INTERVALS = ['1 hour', '1 day', '1 week', '1 month'] as const

/** One of these widths. */
export type Interval = (typeof INTERVALS)[number]

/** The width that a parameter names. @throws ParameterError */
export function intervalParameter(text: string): Interval {
  const interval = INTERVALS.find((one) => one === text)
  if (interval === undefined)
    throw new ParameterError([{ parameter: 'interval', problem: 'malformed', type: 'string' }])
  return interval
}

/** Most buckets of one answer. */
const MAX_BUCKETS = 1_000

const HOUR = 3_600
const DAY = 24 * HOUR
const WEEK = 7 * DAY
/** Unix time 0 was a Thursday; weeks begin on Monday. */
const FIRST_MONDAY = 4 * DAY

/** An interval in UTC, in Unix seconds. `end` is its last second, or the end of the range if that is earlier. */
export type Bucket = { readonly start: number; readonly end: number }

/** Returns the intervals that a range touches, both ends inclusive; undefined if there are more than the limit. */
export function bucketsOf(range: {
  readonly from: number
  readonly to: number
  readonly interval: Interval
}): readonly Bucket[] | undefined {
  const { from, to, interval } = range
  const buckets: Bucket[] = []
  for (let start = startOf(from, interval); start <= to; ) {
    if (buckets.length === MAX_BUCKETS) return undefined
    const next = nextStart(start, interval)
    buckets.push({ start, end: Math.min(next - 1, to) })
    start = next
  }
  return buckets
}

function startOf(time: number, interval: Interval): number {
  switch (interval) {
    case '1 hour':
      return time - (time % HOUR)
    case '1 day':
      return time - (time % DAY)
    case '1 week':
      return time - ((((time - FIRST_MONDAY) % WEEK) + WEEK) % WEEK)
    case '1 month': {
      const date = new Date(time * 1_000)
      return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1) / 1_000
    }
  }
}

function nextStart(start: number, interval: Interval): number {
  if (interval === '1 hour') return start + HOUR
  if (interval === '1 day') return start + DAY
  if (interval === '1 week') return start + WEEK
  const date = new Date(start * 1_000)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1) / 1_000
}
