/** How many lines of one subject are written within a window. The others are left out. */
const BURST = 10
/** Length of a window, in milliseconds. */
const WINDOW_MS = 60_000
/** Most subjects remembered. Our messages times chains, nodes and routes are far fewer. */
const MAX_SUBJECTS = 1_000

/** Fields that distinguish subjects. All others, such as a block or a request id, are details. */
const SUBJECT_FIELDS = ['chain', 'node', 'code', 'route', 'token', 'account', 'reason'] as const

type Fields = Readonly<Record<string, unknown>>
type Window = { readonly since: number; written: number; left: number }

/** Whether to write a line. `say`: extra fields for the line. */
export type LineDecision = { readonly write: true; readonly say: Fields } | { readonly write: false }

const PLAIN: LineDecision = { write: true, say: {} }
const LEAVE_OUT: LineDecision = { write: false }

/**
 * Keeps a repeated warning from filling the log. Each subject gets ten lines a minute. The tenth says that more are
 * left out. The first line after that minute reports how many were (`left_out`).
 */
export class LineLimiter {
  readonly #windows = new Map<string, Window>()
  readonly #now: () => number

  /** `now`: milliseconds of a monotonic clock. */
  constructor(now: () => number) {
    this.#now = now
  }

  /** Decides about a line with this message and these fields. */
  admit(words: string, fields: Fields): LineDecision {
    const subject = [words, ...SUBJECT_FIELDS.map((name) => String(fields[name] ?? ''))].join('\n')
    const now = this.#now()
    const window = this.#windows.get(subject)
    if (window === undefined || now - window.since >= WINDOW_MS) {
      this.#begin(subject, now)
      return window === undefined || window.left === 0 ? PLAIN : { write: true, say: { left_out: window.left } }
    }
    if (window.written >= BURST) {
      window.left += 1
      return LEAVE_OUT
    }
    window.written += 1
    if (window.written < BURST) return PLAIN
    const rest = Math.ceil((WINDOW_MS - (now - window.since)) / 1_000)
    return { write: true, say: { repeats: `more of these are left out for ${rest} s` } }
  }

  #begin(subject: string, now: number): void {
    this.#windows.delete(subject)
    // The oldest window is the first, because a window that starts again goes to the end.
    const [oldest] = this.#windows.keys()
    if (this.#windows.size >= MAX_SUBJECTS && oldest !== undefined) this.#windows.delete(oldest)
    this.#windows.set(subject, { since: now, written: 1, left: 0 })
  }
}
