import { type AssetRef, assetKey } from '../core/asset.ts'
import type { Suspicion } from './investigator.ts'

/** Suspicions waiting at most, one a token. */
const MAX_SUSPECTS = 1_000

/** Suspicions that wait to be looked into, one a token, and none of a token that rests since the last came to nothing. */
export class Investigations {
  readonly #waiting = new Map<string, Suspicion>()
  readonly #isResting: (asset: AssetRef) => boolean

  constructor(isResting: (asset: AssetRef) => boolean) {
    this.#isResting = isResting
  }

  get size(): number {
    return this.#waiting.size
  }

  /** Keeps a suspicion, unless its token has one already or rests. */
  add(suspect: Suspicion): void {
    const name = assetKey(suspect.asset)
    if (this.#waiting.has(name) || this.#waiting.size >= MAX_SUSPECTS || this.#isResting(suspect.asset)) return
    this.#waiting.set(name, suspect)
  }

  /** Takes up to `limit` of them, oldest first. */
  take(limit: number): readonly Suspicion[] {
    const some = [...this.#waiting].slice(0, limit)
    for (const [name] of some) this.#waiting.delete(name)
    return some.map(([, suspect]) => suspect)
  }
}
