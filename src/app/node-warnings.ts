import type { NodeWarning } from '../store/seam/indexer-reports.ts'

/** Seconds for which a warning is shown after it was last reported: an operator looks once a day. */
const KEPT_SECONDS = 86_400
/** Most warnings to keep: beyond this the oldest is dropped. */
const MAX_KEPT = 16

/** The last warnings about nodes, which are in the log too: what they refuse or do wrong while the chain goes on. */
export class NodeWarnings {
  readonly #warnings = new Map<string, NodeWarning>()

  /** Records a log line, if it is about a node. `at`: Unix seconds. */
  note(message: string, fields: Readonly<Record<string, unknown>>, at: number): void {
    const { node } = fields
    if (typeof node !== 'string') return
    const key = `${node} ${message}`
    this.#warnings.delete(key)
    this.#warnings.set(key, { node, says: message, at })
    for (const oldest of this.#warnings.keys()) {
      if (this.#warnings.size <= MAX_KEPT) return
      this.#warnings.delete(oldest)
    }
  }

  /** The warnings of the last day, the newest last. `now`: Unix seconds. */
  recent(now: number): readonly NodeWarning[] {
    return [...this.#warnings.values()].filter(({ at }) => now - at < KEPT_SECONDS)
  }
}
