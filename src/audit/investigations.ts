import { type AssetRef, assetKey } from '../core/asset.ts'
import type { Investigation } from './investigator.ts'

/** Most waiting investigations, one per token. */
const MAX_WAITING = 1_000

/** Differences that wait for their investigation, one per token. Tokens in cool-down are left out. */
export class Investigations {
  readonly #waiting = new Map<string, Investigation>()
  readonly #isCoolingDown: (asset: AssetRef) => boolean

  constructor(isCoolingDown: (asset: AssetRef) => boolean) {
    this.#isCoolingDown = isCoolingDown
  }

  get size(): number {
    return this.#waiting.size
  }

  /** Queues a difference, unless its token has one already or is in cool-down, or the queue is full. */
  add(investigation: Investigation): void {
    const name = assetKey(investigation.asset)
    if (this.#waiting.has(name) || this.#waiting.size >= MAX_WAITING || this.#isCoolingDown(investigation.asset)) return
    this.#waiting.set(name, investigation)
  }

  /** Takes up to `limit` of them, oldest first. */
  take(limit: number): readonly Investigation[] {
    const some = [...this.#waiting].slice(0, limit)
    for (const [name] of some) this.#waiting.delete(name)
    return some.map(([, investigation]) => investigation)
  }
}
