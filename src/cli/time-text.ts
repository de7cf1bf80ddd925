/** The system's time in Unix seconds. */
export function now(): number {
  return Math.floor(Date.now() / 1000)
}

/** Returns Unix seconds as RFC 3339 text in UTC, such as `2027-01-31T12:00:00Z`. */
export function timeText(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')
}
