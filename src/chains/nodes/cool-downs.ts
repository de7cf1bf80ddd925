/**
 * First pause after a failure: long enough to spare the node, short enough for a brief failure of a token or a node.
 */
const FIRST_PAUSE_MS = 30_000
/** Longest pause: a repaired token, or a node that gained a method, is tried again within the hour. */
const MAX_PAUSE_MS = 60 * 60_000
/** Most cool-downs to remember: about 20 MB. Beyond this the oldest is forgotten, which costs one more try. */
const MAX_REMEMBERED = 100_000

type CoolDown = { failures: number; until: number }

/**
 * Remembers what not to request for now: reads (a contract's function) that burn all gas, return megabytes or never
 * end, and methods that a node lacks. Each has a pause that doubles each time.
 */
export class CoolDowns {
  readonly #byKey = new Map<string, CoolDown>()
  readonly #now: () => number

  /** `now` in milliseconds. */
  constructor(now: () => number) {
    this.#now = now
  }

  isPaused(key: string): boolean {
    const coolDowns = this.#byKey.get(key)
    return coolDowns !== undefined && this.#now() < coolDowns.until
  }

  failed(key: string): void {
    const failures = (this.#byKey.get(key)?.failures ?? 0) + 1
    const pauseMs = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(failures - 1, 20))
    this.#byKey.delete(key)
    this.#byKey.set(key, { failures, until: this.#now() + pauseMs })
    if (this.#byKey.size <= MAX_REMEMBERED) return
    for (const oldest of this.#byKey.keys()) {
      this.#byKey.delete(oldest)
      return
    }
  }

  answered(key: string): void {
    this.#byKey.delete(key)
  }
}
