import { randomUUID } from 'node:crypto'
import { isServiceError } from '../core/errors.ts'

/** `put` writes the newest state. `failed` is called once until it succeeds again. */
export type ReporterDeps = {
  readonly put: (writer: string) => Promise<void>
  readonly failed: (error: unknown) => void
}

/**
 * Writes a state that changes often: one write at a time, and what changes during a write is written by the next one. A
 * write that fails leaves the last state as it is, until the next one succeeds.
 */
export class Reporter {
  readonly #deps: ReporterDeps
  readonly #writer = randomUUID()
  #writing: Promise<void> = Promise.resolve()
  #isWriting = false
  #isDue = false
  #hasFailed = false

  constructor(deps: ReporterDeps) {
    this.#deps = deps
  }

  /** Writes the state now, or after the write under way. */
  report(): void {
    this.#isDue = true
    if (!this.#isWriting) this.#writing = this.#write()
  }

  /** Resolves once everything is written, as far as it can be. */
  async end(): Promise<void> {
    await this.#writing
  }

  async #write(): Promise<void> {
    this.#isWriting = true
    while (this.#isDue) {
      this.#isDue = false
      try {
        await this.#deps.put(this.#writer)
        this.#hasFailed = false
      } catch (error) {
        if (!isServiceError(error)) throw error
        if (!this.#hasFailed) this.#deps.failed(error)
        this.#hasFailed = true
      }
    }
    this.#isWriting = false
  }
}
