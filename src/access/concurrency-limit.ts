import { ServiceError } from '../core/errors.ts'

/** `running`: works that run at once. `waiting`: works that wait for them. `rejection`: the message for all others. */
export type ConcurrencyLimits = { readonly running: number; readonly waiting: number; readonly rejection: string }

/** Runs a bounded number of works at once. A bounded number of others wait, in the order in which they came. */
export class ConcurrencyLimit {
  readonly #max: ConcurrencyLimits
  readonly #waiting: (() => void)[] = []
  #running = 0

  constructor(max: ConcurrencyLimits) {
    this.#max = max
  }

  /** Resolves to what `work` returns. @throws UNAVAILABLE too many are waiting; `work` does not run */
  async run<T>(work: () => Promise<T>): Promise<T> {
    await this.#admitted()
    try {
      return await work()
    } finally {
      // The next one takes this place, so the number of running works does not change.
      const next = this.#waiting.shift()
      if (next === undefined) this.#running -= 1
      else next()
    }
  }

  #admitted(): Promise<void> {
    if (this.#running < this.#max.running) {
      this.#running += 1
      return Promise.resolve()
    }
    if (this.#waiting.length >= this.#max.waiting) {
      return Promise.reject(new ServiceError('UNAVAILABLE', this.#max.rejection))
    }
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
    })
  }
}
