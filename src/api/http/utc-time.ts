/** Times whose text is kept: rows of a list mostly share a few. */
const MAX_KEPT = 64
const texts = new Map<number, string>()

/** Formats Unix seconds as `2024-01-31T23:59:59Z`. */
export function zulu(seconds: number): string {
  const known = texts.get(seconds)
  if (known !== undefined) return known
  if (texts.size >= MAX_KEPT) texts.clear()
  const text = `${new Date(Math.floor(seconds) * 1_000).toISOString().slice(0, 19)}Z`
  texts.set(seconds, text)
  return text
}

/** ISO 8601: a date, alone or with a time; the offset may be absent, and is then UTC. */
const ISO = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+-]\d\d:?\d\d)?)?$/i

/** The space before an offset: a `+` of the query that was not percent-encoded. A time comes before it. */
const SPACE_FOR_PLUS = /(?<=\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?) (?=\d\d:?\d\d$)/

/** Returns Unix seconds of ISO 8601 text, rounded down, or undefined. */
export function parseTime(text: string): number | undefined {
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
