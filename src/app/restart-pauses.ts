/** Whatever ran for this long, in milliseconds, has recovered from its deaths before. */
const RECOVERED_MS = 600_000

/** Growing pauses before something that died is started again: repeated deaths must not load the machine. */
export class RestartPauses {
  readonly #bounds: { readonly firstMs: number; readonly maxMs: number }
  readonly #now: () => number
  #startedAt = 0
  #deaths = 0

  /** `firstMs`, `maxMs`: the first and the longest pause, in milliseconds. `now`: monotonic milliseconds. */
  constructor(bounds: { readonly firstMs: number; readonly maxMs: number }, now = () => performance.now()) {
    this.#bounds = bounds
    this.#now = now
  }

  /** Records a start. */
  started(): void {
    this.#startedAt = this.#now()
  }

  /** Records a death. Returns the pause before the next start, in milliseconds, and the deaths in a row. */
  next(): { readonly pauseMs: number; readonly deaths: number } {
    if (this.#now() - this.#startedAt > RECOVERED_MS) this.#deaths = 0
    const { firstMs, maxMs } = this.#bounds
    const pauseMs = Math.min(maxMs, firstMs * 2 ** Math.min(this.#deaths, 16))
    this.#deaths += 1
    return { pauseMs, deaths: this.#deaths }
  }
}
