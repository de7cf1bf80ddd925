import { UsageError } from './outcome.ts'

const UNIT_SECONDS: ReadonlyMap<string, number> = new Map([
  ['h', 3_600],
  ['d', 86_400],
])

/**
 * Unix seconds of `2027-01-31`, `2027-01-31T12:00:00Z`, or a span such as `90d` after `now` (Unix seconds).
 * @throws UsageError the text has none of these forms, or the time is not in the future
 */
export function parseExpiry(given: string, now: number): number {
  const [, count, unit = ''] = /^(\d{1,5})([hd])$/.exec(given) ?? []
  const isDate = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?Z)?$/.test(given)
  const at =
    count !== undefined ? now + Number(count) * (UNIT_SECONDS.get(unit) ?? 0) : Date.parse(isDate ? given : '') / 1000
  if (Number.isInteger(at) && at > now) return at
  throw new UsageError(
    `--expires: got ${JSON.stringify(given)}, expected a future date (2027-01-31), time or span (90d)`,
  )
}
