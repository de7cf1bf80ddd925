/** First pause after a refusal: long enough to spare the node, short enough for a token's or a node's bad minute. */
const FIRST_PAUSE_MS = 30_000
/** Longest pause: a token that was repaired, or a node that learned a method, is known again within the hour. */
const MAX_PAUSE_MS = 60 * 60_000
/** Refusals remembered at most, about 20 MB; beyond it the oldest is forgotten, and costs one more try. */
const MAX_REMEMBERED = 100_000

type CoolDown = { failures: number; until: number }

/**
 * Remembers what is not worth asking for now: reads (a contract's function) that burn all gas, return megabytes or never
 * end, methods that a node does not have. Each is left alone until a pause is over that doubles each time.
 */
export class CoolDowns {
  private readonly byKey = new Map<string, CoolDown>()
  private readonly now: () => number

  /** `now` in milliseconds. */
  constructor(now: () => number) {
    this.now = now
  }

  isPaused(key: string): boolean {
    const coolDowns = this.byKey.get(key)
    return coolDowns !== undefined && this.now() < coolDowns.until
  }

  failed(key: string): void {
    const failures = (this.byKey.get(key)?.failures ?? 0) + 1
    const pauseMs = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(failures - 1, 20))
    this.byKey.delete(key)
    this.byKey.set(key, { failures, until: this.now() + pauseMs })
    if (this.byKey.size <= MAX_REMEMBERED) return
    for (const oldest of this.byKey.keys()) {
      this.byKey.delete(oldest)
      return
    }
  }

  answered(key: string): void {
    this.byKey.delete(key)
  }
}
